import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { allEntities, entityNamed } from '@/entities'
import type { Actor } from '@/entities/permission-matrix'
import type { AnyEntity, Reference } from '@/lib/entity/define'
import { textIn, type Json, type JsonRow } from '@/lib/protocol/json'
import { type Column, columnsOf } from './catalogue'
import { sampleValue } from './sample-values'

/** People of the laws, the same in every house. `self` is the viewer, or in projects the collaborator, meeting a row of their own. */
export type PersonName = 'owner' | 'collaborator' | 'viewer' | 'third' | 'former' | 'outsider' | 'stranger'
export type People = Readonly<Record<PersonName, string>>

/** Which of an entity's rows: `theirs` is about and by `third`, `own` by `self`, `spare` is there to be referred to. */
export type Which = 'theirs' | 'own' | 'spare'

/** A band and a project with somebody in every role. Rows of entities are made when they are asked for. */
export interface House {
  band: string
  project: string
  /** Values of a new row of an entity, as its insert takes them, with the key it must have. */
  insertOf(entity: AnyEntity, me: PersonName, named: PersonName): Promise<{ key: string; values: JsonRow }>
  /** The key of a row of this entity; made on first call, with all it refers to. */
  rowOf(entity: AnyEntity, which: Which): Promise<string>
  /** Another value for a changeable field of this entity's row. */
  changedValue(entity: AnyEntity, field: string, me: PersonName): Promise<Json>
}

export type Builder = { people: People; build(): Promise<House> }

/** Makes the people, once for a database; `client` is connected as its owner. */
export async function houseBuilder(client: pg.Client): Promise<Builder> {
  const names: PersonName[] = ['owner', 'collaborator', 'viewer', 'third', 'former', 'outsider', 'stranger']
  const people = Object.fromEntries(names.map((name) => [name, randomUUID()])) as Record<PersonName, string>
  for (const [name, id] of Object.entries(people)) {
    await client.query(`insert into users (id, email, name) values ($1, $2, $3)`, [id, `${name}@laws.test`, name])
  }
  const tables = new Map<string, Column[]>()
  for (const { name } of allEntities) tables.set(name, await columnsOf(client, name))
  // Somebody's own, far from every house.
  await containers(client, { band: randomUUID(), project: randomUUID() }, [['outsider', people.outsider, 'owner']])
  return { people, build: () => build(client, people, tables) }
}

/** Who stands for an actor in front of this entity; null for nobody. */
export function personOf(entity: AnyEntity, actor: Actor): PersonName | null {
  if (actor === 'nobody') return null
  if (actor === 'self') return entity.scope.kind === 'project' ? 'collaborator' : 'viewer'
  return actor
}

type Containers = { band: string; project: string }

/** Makes a band and a project with these members, and returns the ids of the memberships by table and person. */
async function containers(
  client: pg.Client,
  { band, project }: Containers,
  members: [PersonName, string, string][],
): Promise<Map<string, string>> {
  const rows = members.flatMap(([name, user_id, role]) => {
    const row = { user_id, role, created_by: user_id, deleted_at: name === 'former' ? '2026-01-01T00:00:00Z' : null }
    const inBand = { ...row, slot: `band_members ${name}`, id: randomUUID(), band_id: band }
    return role === 'viewer'
      ? [inBand]
      : [inBand, { ...row, slot: `project_users ${name}`, id: randomUUID(), project_id: project }]
  })
  const columns = 'id, user_id, role, created_by, deleted_at'
  await client.query(
    `with b as (insert into bands (id, name) values ($1, 'House')),
       p as (insert into projects (id, name) values ($2, 'House')),
       m as (
         insert into band_members (band_id, ${columns})
         select band_id, ${columns} from jsonb_populate_recordset(null::band_members, $3) where band_id is not null
       )
     insert into project_users (project_id, ${columns})
     select project_id, ${columns} from jsonb_populate_recordset(null::project_users, $3) where project_id is not null`,
    [band, project, JSON.stringify(rows)],
  )
  return new Map(rows.map(({ slot, id }) => [slot, id]))
}

async function build(client: pg.Client, people: People, tables: Map<string, Column[]>): Promise<House> {
  const ids: Containers = { band: randomUUID(), project: randomUUID() }
  const memberships = await containers(client, ids, [
    ['owner', people.owner, 'owner'],
    ['collaborator', people.collaborator, 'collaborator'],
    ['viewer', people.viewer, 'viewer'],
    ['third', people.third, 'collaborator'],
    ['former', people.former, 'owner'],
  ])
  const made = new Map<string, Promise<string>>()

  const rowOf: House['rowOf'] = (entity, which) => {
    if (entity.scope.column === 'id') return Promise.resolve(entity.scope.kind === 'band' ? ids.band : ids.project)
    const self = personOf(entity, 'self') ?? 'viewer'
    const person = which === 'own' ? self : 'third'
    const membership = memberships.get(`${entity.name} ${person}`)
    if (membership !== undefined) return Promise.resolve(membership)
    const slot = `${entity.name} ${which}`
    const row = made.get(slot) ?? insertRow(entity, person, which)
    made.set(slot, row)
    return row
  }

  /** The row that a reference of a new or changed row names. */
  const referred = async (reference: Reference, values: JsonRow, which: Which): Promise<Json> => {
    if ('item' in reference) return []
    const name = 'by' in reference ? reference.entities[textIn(values, reference.by)] : reference.entity
    const target = name === undefined ? null : entityNamed(name)
    return target ? rowOf(target, which) : null
  }

  const scopeValue = (entity: AnyEntity, person: PersonName): string =>
    ({ band: ids.band, any: ids.band, project: ids.project, user: people[person] })[entity.scope.kind]

  const fill = async (entity: AnyEntity, columns: string[], person: PersonName, which: Which): Promise<JsonRow> => {
    const values: JsonRow = {}
    for (const column of columns) {
      const reference = entity.references.find((each) => each.column === column)
      const field = entity.fields[column]
      if (column === entity.scope.column) values[column] = scopeValue(entity, person)
      else if (column === 'user_id') values[column] = people[person]
      else if (reference) values[column] = await referred(reference, values, which)
      else if (field) values[column] = sampleValue(field.schema, 0)
    }
    // Rows about rows: of the one entity that everybody in the house may read and editors change.
    if ('entity' in values) values['entity'] = 'songs'
    if ('entity_id' in values)
      values['entity_id'] = await rowOf(entityOf('songs'), which === 'spare' ? 'spare' : 'theirs')
    return values
  }

  const insertRow = async (entity: AnyEntity, person: PersonName, which: Which): Promise<string> => {
    const table = tables.get(entity.name) ?? []
    const needed = table.filter((column) => !column.isNullable && !column.hasDefault && column.name !== 'id')
    const columns = [...needed.map(({ name }) => name), entity.scope.column]
    if (entity.fields['user_id']) columns.push('user_id')
    const values = await fill(entity, [...new Set(columns)], person, which)
    if (entity.name === 'conflicts') values['offered_by'] = people[person]
    const key = entity.derivedKey?.(values, people[person]) ?? randomUUID()
    const row = { ...values, id: key, ...(has(table, 'created_by') ? { created_by: people[person] } : {}) }
    const names = Object.keys(row).map((name) => `"${name}"`)
    await client.query(
      `insert into ${entity.name} (${names.join()}) select ${names.join()}
       from jsonb_populate_record(null::${entity.name}, $1)`,
      [JSON.stringify(row)],
    )
    return key
  }

  return {
    ...ids,
    rowOf,
    async insertOf(entity, me, named) {
      const fields = Object.entries(entity.fields)
      const columns = fields.filter(([, field]) => field.insert === 'required').map(([column]) => column)
      const values = await fill(entity, columns, named, 'spare')
      if (entity.fields['user_id']?.insert === 'optional') values['user_id'] = people[named]
      return { key: entity.derivedKey?.(values, people[me]) ?? randomUUID(), values }
    },
    async changedValue(entity, field, me) {
      if (entity.ownIdOrNull.includes(field)) return people[me]
      const reference = entity.references.find((each) => each.column === field)
      if (reference) return referred(reference, {}, 'spare')
      const schema = entity.fields[field]?.schema
      if (!schema) throw new Error(`${entity.name} has no field ${field}`)
      return sampleValue(schema, 1)
    },
  }
}

function has(table: readonly Column[], name: string): boolean {
  return table.some((column) => column.name === name)
}

function entityOf(name: string): AnyEntity {
  const entity = entityNamed(name)
  if (!entity) throw new Error(`there is no entity ${name}`)
  return entity
}
