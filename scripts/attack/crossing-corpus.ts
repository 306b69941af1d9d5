import { randomUUID } from 'node:crypto'
import { SAMPLE_USERS } from '@/db/sample-ids'
import type { Reference } from '@/lib/entity/define'
import { textIn, type JsonRow } from '@/lib/protocol/json'
import { writes, type Attack } from './attack'
import { insertValues } from './registry-corpus'
import type { Prey } from './world'

/** Ids used for what they are not: a person's or a project's for a band, a song's for a setlist. All of them exist, most are the attacker's own. */
export function crossingCorpus(prey: readonly Prey[]): Attack[] {
  return [
    ...takenScopes(prey),
    ...prey.flatMap((each) => [...otherTables(each, prey), ...otherScopes(each, prey), ...otherReferences(each, prey)]),
  ]
}

const SARAH = SAMPLE_USERS.sarah.id
const OLGA = SAMPLE_USERS.olga.id

/** A band or project under the id of a person, or of one another, would open what is filed under that id: history and questions. */
function takenScopes(prey: readonly Prey[]): Attack[] {
  const ids = { 'her own id': SARAH, 'another person’s id': OLGA, ...idsOf(prey, ['bands', 'projects']) }
  return prey
    .filter(({ entity }) => entity.scope.column === 'id')
    .flatMap(({ entity, own }) =>
      Object.entries(ids).map(([whose, key]) =>
        writes(
          'sarah',
          'crossing ids',
          `make ${entity.name} under ${whose}`,
          [{ id: randomUUID(), entity: entity.name, op: 'insert', key, values: insertValues(entity, own) }],
          ['invalid'],
        ),
      ),
    )
}

/** Rows asked for in a table that is not theirs. */
function otherTables({ entity }: Prey, prey: readonly Prey[]): Attack[] {
  const others = prey.filter((other) => other.entity !== entity)
  const keys = [...others.flatMap(({ own, foreign }) => [textIn(own, 'id'), textIn(foreign, 'id')]), SARAH, OLGA]
  return (['update', 'delete', 'restore'] as const).map((op) =>
    writes(
      'sarah',
      'crossing ids',
      `${op} ${entity.name} under other tables’ ids`,
      keys.map((key) => ({
        id: randomUUID(),
        entity: entity.name,
        op,
        key,
        ...(op === 'update' ? { patch: {} } : {}),
      })),
      ['not_found', 'forbidden', 'invalid'],
    ),
  )
}

/** Rows put into, and read from, scopes of another kind. */
function otherScopes({ entity, own }: Prey, prey: readonly Prey[]): Attack[] {
  const { kind, column } = entity.scope
  if (kind === 'any' || kind === 'user') return []
  const ids = Object.entries({ 'her own id': SARAH, ...idsOf(prey, [kind === 'band' ? 'projects' : 'bands', 'songs']) })
  return ids.flatMap(([whose, scope]) => {
    const read = (path: string): Attack => ({
      group: 'crossing ids',
      name: `read ${path.split('?')[0]} of ${whose}`,
      as: 'sarah',
      method: 'GET',
      path,
      expect: { kind: 'refused', statuses: [403] },
    })
    const reads = [
      `/api/shapes/${entity.name}?offset=-1&scope=${scope}`,
      `/api/history/${entity.name}?deleted=1&scope=${scope}`,
    ]
      // A person's own memberships are read under their own id, and some tables keep no deleted rows.
      .filter(
        (path) =>
          !('mine' in entity.scope && scope === SARAH) &&
          (entity.columns.includes('deleted_at') || !path.includes('history')),
      )
    if (column === 'id') return reads.map(read)
    const values = { ...insertValues(entity, own), [column]: scope }
    const insert = { id: randomUUID(), entity: entity.name, op: 'insert', key: randomUUID(), values }
    return [
      ...reads.map(read),
      writes('sarah', 'crossing ids', `insert ${entity.name} into ${whose}`, [insert], ['forbidden', 'invalid']),
    ]
  })
}

/** References to rows of her own, of another table than the one that is meant. */
function otherReferences({ entity, own }: Prey, prey: readonly Prey[]): Attack[] {
  return entity.references.flatMap((reference) => {
    const meant = 'by' in reference ? Object.values(reference.entities) : [reference.entity]
    return prey
      .filter((other) => !meant.includes(other.entity.name))
      .map((other) => {
        const values = { ...insertValues(entity, own), ...naming(reference, textIn(other.own, 'id')) }
        const insert = { id: randomUUID(), entity: entity.name, op: 'insert', key: randomUUID(), values }
        const name = `${entity.name} that name one of ${other.entity.name} in ${reference.column}`
        return writes('sarah', 'crossing ids', name, [insert], ['forbidden', 'invalid'])
      })
  })
}

/** Columns that name this row by this reference. */
function naming(reference: Reference, key: string): JsonRow {
  if ('item' in reference) return { [reference.column]: [{ id: randomUUID(), kind: 'song', [reference.item]: key }] }
  if (!('by' in reference)) return { [reference.column]: key }
  return { [reference.column]: key, [reference.by]: Object.keys(reference.entities)[0] ?? '' }
}

/** Ids of rows of these tables, hers and Olga's, by what they are. */
function idsOf(prey: readonly Prey[], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    prey
      .filter(({ entity }) => names.includes(entity.name))
      .flatMap(({ entity: { name }, own, foreign }) => [
        [`an id of her own ${name}`, textIn(own, 'id')],
        [`an id of Olga’s ${name}`, textIn(foreign, 'id')],
      ]),
  )
}
