import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import { testApp, type TestApp } from '@/scripts/test/app'
import type { TestDatabase } from '@/scripts/test/database'
import { type Door, restDoor, writesDoor } from '@/scripts/test/laws/doors'
import { type Builder, type House, houseBuilder, personOf, type PersonName } from '@/scripts/test/laws/house'
import { testDatabase } from '@/scripts/test/postgres'
import { type TestSyncService, testSyncService } from '@/scripts/test/sync-service'
import { allEntities } from '.'
import { type Actor, ACTORS, PERMISSIONS, type Permissions, type Who, whoMayChange } from './permission-matrix'

let db: TestDatabase
let sync: TestSyncService
let app: TestApp
let owner: pg.Client
let builder: Builder
beforeAll(async () => {
  db = await testDatabase({ migrated: true })
  sync = await testSyncService(db)
  app = await testApp(db, { sync, settings: { WRITES_PER_SECOND: '1000000' } })
  owner = new pg.Client(db.ownerUrl)
  await owner.connect()
  builder = await houseBuilder(owner)
})
afterAll(async () => {
  await owner.end()
  await app[Symbol.asyncDispose]()
  await sync[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

/** Entities whose rows people write through the write doors, and the others. */
const written = allEntities.filter(({ writes }) => writes === 'door')
const unwritten = allEntities.filter(({ writes }) => writes !== 'door')
const named = (entities: readonly AnyEntity[]) => entities.map((entity) => [entity.name, entity] as const)

function permissionsOf({ name }: AnyEntity): Permissions {
  const permissions = PERMISSIONS[name]
  if (!permissions) throw new Error(`${name} has no lines in the permission matrix`)
  return permissions
}

const userId = (person: PersonName | null) => (person === null ? null : builder.people[person])
const which = (actor: Actor) => (actor === 'self' ? 'own' : 'theirs')

/** One line per actor: what the matrix says they get, beside what they got. */
type Verdicts = Partial<Record<Actor, string>>

describe.each(named(allEntities))('reading %s', (_name, entity) => {
  const { read } = permissionsOf(entity)

  test('the read door serves a scope to those who may read it, and one and the same 403 to the rest', async () => {
    const house = await builder.build()
    const keys = { theirs: await house.rowOf(entity, 'theirs'), own: await house.rowOf(entity, 'own') }
    const got: Verdicts = {}
    for (const actor of ACTORS) {
      got[actor] = await readDoor(entity, actor, scopeOf(house, entity, actor), keys[which(actor)])
    }
    expect(got).toEqual(expectedReading(read))
  })

  test('the history door answers the same', async () => {
    const house = await builder.build()
    const got: Verdicts = {}
    for (const actor of ACTORS) {
      const key = await house.rowOf(entity, which(actor))
      got[actor] = await historyDoor(entity, actor, scopeOf(house, entity, actor), key)
    }
    expect(got).toEqual(expectedReading(read))
  })
})

function expectedReading(read: Who): Verdicts {
  return Object.fromEntries(
    ACTORS.map((actor) => [actor, actor === 'nobody' ? '401' : read.includes(actor) ? '200 with the row' : '403']),
  )
}

const scopeOf = (house: House, entity: AnyEntity, actor: Actor): string =>
  ({
    band: house.band,
    any: house.band,
    project: house.project,
    user: builder.people[actor === 'self' ? 'viewer' : 'third'],
  })[entity.scope.kind]

async function get(actor: Actor, entity: AnyEntity, path: string): Promise<Response> {
  const id = userId(personOf(entity, actor))
  return id === null ? fetch(`${app.url}${path}`) : app.as(id)(path)
}

async function readDoor(entity: AnyEntity, actor: Actor, scope: string, key: string): Promise<string> {
  const response = await get(actor, entity, `/api/shapes/${entity.name}?scope=${scope}&offset=-1`)
  if (response.status !== 200) return String(response.status)
  const handle = response.headers.get('electric-handle')
  let text = await response.text()
  // A shape that is served as changes only from now on has no rows before: the answer alone is what may be read.
  if (entity.history) return handle ? '200 with the row' : '200 without a handle'
  const offset = response.headers.get('electric-offset')
  if (!text.includes(key)) {
    const next = `/api/shapes/${entity.name}?scope=${scope}&offset=${offset}&handle=${handle}`
    text = await (await get(actor, entity, next)).text()
  }
  return text.includes(key) ? '200 with the row' : '200 without the row'
}

async function historyDoor(entity: AnyEntity, actor: Actor, scope: string, key: string): Promise<string> {
  const path = `/api/history/${entity.name}?scope=${scope}`
  if (entity.history) {
    const response = await get(actor, entity, path)
    if (response.status !== 200) return String(response.status)
    return (await response.text()).includes(key) ? '200 with the row' : '200 without the row'
  }
  // Other entities' history is their trash: nothing of this living row, to the same people.
  const response = await get(actor, entity, `${path}&deleted=1`)
  if (response.status === 400 && !entity.columns.includes('deleted_at')) {
    return readWithoutTrash(entity, actor)
  }
  if (response.status !== 200) return String(response.status)
  return (await response.text()).includes(key) ? '200 with a living row' : '200 with the row'
}

/** Rows that go for good have no trash: asking for it is answered alike to all, after who is there was settled. */
function readWithoutTrash(entity: AnyEntity, actor: Actor): string {
  return permissionsOf(entity).read.includes(actor) ? '200 with the row' : '403'
}

const DOORS: readonly (readonly [string, (app: TestApp) => Door])[] = [
  ['POST /api/writes', writesDoor],
  ['REST', restDoor],
]

describe.each(DOORS)('writing through %s', (_door, openDoor) => {
  describe.each(named(written))('%s', (_name, entity) => {
    const permissions = permissionsOf(entity)

    test('an insert by every role answers as the matrix says', async () => {
      const got: Verdicts = {}
      for (const actor of ACTORS) {
        const house = await builder.build()
        const me = personOf(entity, actor)
        const { key, values } = await house.insertOf(entity, me ?? 'third', namedBy(entity, actor))
        got[actor] = await openDoor(app).insert(userId(me), entity.name, key, values)
        expect(await isStored(entity, key), `${actor}: ${got[actor]}`).toBe(got[actor] === 'done')
      }
      expect(got).toEqual(expectedInsert(entity, permissions.insert))
    })

    test('a change of every field by every role answers as the matrix says', async () => {
      const fields = changeableFields(entity, permissions)
      const got = Object.fromEntries(fields.map((field): [string, Verdicts] => [field, {}]))
      for (const actor of ACTORS) {
        const house = await builder.build()
        const me = personOf(entity, actor)
        const key = await house.rowOf(entity, which(actor))
        for (const [field, verdicts] of Object.entries(got)) {
          const value = permissions.exampleChange?.[field] ?? (await house.changedValue(entity, field, me ?? 'third'))
          const before = await stored(entity, key)
          const verdict = await openDoor(app).update(userId(me), entity.name, key, { [field]: value })
          if (verdict !== 'done') expect(await stored(entity, key), `${field} by ${actor}`).toEqual(before)
          verdicts[actor] = verdict
        }
      }
      const expected = fields.map((field) => [field, expectedOn(entity, whoMayChange(permissions, field))])
      expect(got).toEqual(Object.fromEntries(expected))
    })

    test('a delete by every role answers as the matrix says', async () => {
      const got: Verdicts = {}
      for (const actor of ACTORS) {
        const house = await builder.build()
        const key = await house.rowOf(entity, which(actor))
        got[actor] = await openDoor(app).remove(userId(personOf(entity, actor)), entity.name, key)
        expect(await isAlive(entity, key), `${actor}: ${got[actor]}`).toBe(got[actor] !== 'done')
      }
      expect(got).toEqual(expectedOn(entity, permissions.delete))
    })

    test('unknown columns, the server’s and the scope are refused, and nothing is stored', async () => {
      const house = await builder.build()
      const key = await house.rowOf(entity, 'own')
      const me = userId(personOf(entity, 'self'))
      const before = await stored(entity, key)
      for (const column of ['no_such_column', 'id', 'created_at', 'deleted_at', 'updated_by', entity.scope.column]) {
        expect(await openDoor(app).update(me, entity.name, key, { [column]: randomUUID() }), column).toBe('invalid')
      }
      expect(await stored(entity, key)).toEqual(before)
    })
  })

  test.each(named(unwritten))('%s takes no write here from anybody', async (_name, entity) => {
    const house = await builder.build()
    const key = await house.rowOf(entity, 'theirs')
    const before = await stored(entity, key)
    for (const actor of ACTORS) {
      const me = userId(personOf(entity, actor))
      const door = openDoor(app)
      for (const verdict of [
        await door.insert(me, entity.name, randomUUID(), { band_id: house.band }),
        await door.update(me, entity.name, key, { page: '/' }),
        await door.remove(me, entity.name, key),
      ]) {
        // POST /api/presence is presence's own door, which reads the form first.
        expect(verdict, actor).toMatch(actor === 'nobody' ? /^(401|invalid)$/ : /^(invalid|forbidden|not_found)$/)
      }
    }
    expect(await stored(entity, key)).toEqual(before)
  })
})

// REST has no restore.
describe.each(named(written))('%s', (_name, entity) => {
  const permissions = permissionsOf(entity)

  test('a restore by every role answers as the matrix says', async () => {
    const got: Verdicts = {}
    for (const actor of ACTORS) {
      const house = await builder.build()
      const key = await house.rowOf(entity, which(actor))
      await bin(house, entity, actor, key)
      got[actor] = await writesDoor(app).restore(userId(personOf(entity, actor)), entity.name, key)
      const expected = permissions.restore.includes(actor)
      expect(await isAlive(entity, key), `${actor}: ${got[actor]}`).toBe(expected || permissions.delete.length === 0)
    }
    for (const actor of ACTORS) {
      const isAllowed = permissions.restore.includes(actor)
      if (isAllowed) expect(got[actor], actor).toBe('done')
      else expect(got[actor], actor).toMatch(actor === 'nobody' ? /^401$/ : /^(forbidden|not_found|invalid)$/)
    }
  })
})

test('a row elsewhere and no row at all are one and the same answer', async () => {
  for (const entity of written) {
    const house = await builder.build()
    const theirs = await house.rowOf(entity, 'theirs')
    const door = writesDoor(app)
    for (const person of ['outsider', 'former'] as const) {
      const ask = async (key: string) => [
        await door.raw(userId(person), { entity: entity.name, op: 'update', key, patch: {} }),
        await door.raw(userId(person), { entity: entity.name, op: 'delete', key }),
        await door.raw(userId(person), { entity: entity.name, op: 'restore', key }),
      ]
      expect(await ask(theirs), `${entity.name} by ${person}`).toEqual(await ask(randomUUID()))
    }
  }
})

/** Whom a new row is about: oneself for `self`, a member where the matrix lets people speak for themselves only, else a newcomer. */
function namedBy(entity: AnyEntity, actor: Actor): PersonName {
  if (actor === 'self') return personOf(entity, actor) ?? 'viewer'
  return permissionsOf(entity).insert.includes('self') ? 'third' : 'stranger'
}

function expectedInsert(entity: AnyEntity, allowed: Who): Verdicts {
  return Object.fromEntries(
    ACTORS.map((actor) => {
      if (actor === 'nobody') return [actor, '401']
      // The server sets whose a personal row is: everybody inserts their own, where what it refers to is in a band of theirs.
      if (entity.scope.kind === 'user') return [actor, personalInsert(entity, actor)]
      if (allowed.includes(actor)) return [actor, 'done']
      return [actor, 'forbidden']
    }),
  )
}

function personalInsert(entity: AnyEntity, actor: Actor): string {
  const refersToBands = entity.references.some(
    ({ column, within }) => within === 'my-bands' && entity.fields[column]?.insert === 'required',
  )
  return refersToBands && (actor === 'former' || actor === 'outsider') ? 'invalid' : 'done'
}

/** What an actor gets who tries a change or a delete on a row that is there. */
function expectedOn(entity: AnyEntity, allowed: Who): Verdicts {
  const inScope: Who =
    entity.scope.kind === 'user'
      ? ['self']
      : entity.scope.kind === 'project'
        ? ['owner', 'collaborator', 'self']
        : ['owner', 'collaborator', 'viewer', 'self']
  return Object.fromEntries(
    ACTORS.map((actor) => {
      if (actor === 'nobody') return [actor, '401']
      if (allowed.includes(actor)) return [actor, 'done']
      return [actor, inScope.includes(actor) ? 'forbidden' : 'not_found']
    }),
  )
}

function changeableFields(entity: AnyEntity, { exampleChange }: Permissions): string[] {
  if (exampleChange) return Object.keys(exampleChange)
  return Object.keys(entity.fields).filter((field) => entity.fields[field]?.patch)
}

/** Puts a row into the trash as somebody who may. */
async function bin(house: House, entity: AnyEntity, actor: Actor, key: string): Promise<void> {
  const { delete: allowed } = permissionsOf(entity)
  if (allowed.length === 0) return
  const person = allowed.includes('owner') ? 'owner' : actor === 'self' ? personOf(entity, 'self') : 'third'
  const verdict = await writesDoor(app).remove(userId(person), entity.name, key)
  expect(verdict, `${entity.name} of ${house.band} deleted by ${person}`).toBe('done')
}

async function stored(entity: AnyEntity, key: string): Promise<JsonRow | null> {
  const { rows } = await owner.query<{ row: JsonRow }>(
    `select to_jsonb(t) as row from ${entity.name} t where id = $1`,
    [key],
  )
  return rows[0]?.row ?? null
}

async function isStored(entity: AnyEntity, key: string): Promise<boolean> {
  return (await stored(entity, key)) !== null
}

async function isAlive(entity: AnyEntity, key: string): Promise<boolean> {
  return (await stored(entity, key))?.['deleted_at'] === null
}
