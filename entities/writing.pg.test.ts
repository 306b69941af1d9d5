import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import type { TestApp } from '@/scripts/test/app'
import { type Door, restDoor, writesDoor } from '@/scripts/test/laws/doors'
import { type House, personOf, type PersonName } from '@/scripts/test/laws/house'
import { sampleValue } from '@/scripts/test/laws/sample-values'
import { lawsWorld, named, permissionsOf, type Verdicts, which, type World } from '@/scripts/test/laws/world'
import { allEntities } from '.'
import { type Actor, ACTORS, type Permissions, type Who, whoMayChange } from './permission-matrix'

let world: World
beforeAll(async () => {
  world = await lawsWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Entities whose rows people write through the write doors, and the others. */
const written = allEntities.filter(({ writes }) => writes === 'door')
const unwritten = allEntities.filter(({ writes }) => writes !== 'door')

const DOORS: readonly (readonly [string, (app: TestApp) => Door])[] = [
  ['POST /api/writes', writesDoor],
  ['REST', restDoor],
]

describe.each(DOORS)('writing through %s', (_door, openDoor) => {
  describe.each(named(written))('%s', (_name, entity) => {
    const permissions = permissionsOf(entity)

    test('an insert by every role answers as the matrix says', async () => {
      const got: Verdicts = {}
      const house = await world.builder.build()
      for (const actor of ACTORS) {
        const me = personOf(entity, actor)
        const { key, values } = await house.insertOf(entity, me ?? 'third', namedBy(entity, actor))
        got[actor] = await openDoor(world.app).insert(world.userId(me), entity.name, key, values)
        expect(await isStored(entity, key), `${actor}: ${got[actor]}`).toBe(got[actor] === 'done')
      }
      expect(got).toEqual(expectedInsert(entity, permissions.insert))
    })

    test('a change of every field by every role answers as the matrix says', async () => {
      const fields = changeableFields(entity, permissions)
      const got = Object.fromEntries(fields.map((field): [string, Verdicts] => [field, {}]))
      const houses = housesFor(Object.values(permissions.change).flat())
      for (const actor of ACTORS) {
        const house = await houses(actor)
        const me = personOf(entity, actor)
        const key = await house.rowOf(entity, which(actor))
        for (const [field, verdicts] of Object.entries(got)) {
          const value = permissions.exampleChange?.[field] ?? (await house.changedValue(entity, field, me ?? 'third'))
          const before = await stored(entity, key)
          const verdict = await openDoor(world.app).update(world.userId(me), entity.name, key, { [field]: value })
          if (verdict !== 'done') expect(await stored(entity, key), `${field} by ${actor}`).toEqual(before)
          verdicts[actor] = verdict
        }
      }
      const expected = fields.map((field) => [field, expectedOn(entity, whoMayChange(permissions, field))])
      expect(got).toEqual(Object.fromEntries(expected))
    })

    test('a delete by every role answers as the matrix says', async () => {
      const got: Verdicts = {}
      const houses = housesFor(permissions.delete)
      for (const actor of ACTORS) {
        const house = await houses(actor)
        const key = await house.rowOf(entity, which(actor))
        got[actor] = await openDoor(world.app).remove(world.userId(personOf(entity, actor)), entity.name, key)
        expect(await isAlive(entity, key), `${actor}: ${got[actor]}`).toBe(got[actor] !== 'done')
      }
      expect(got).toEqual(expectedOn(entity, permissions.delete))
    })

    test('unknown columns, the server’s and the scope are refused, and nothing is stored', async () => {
      const house = await world.builder.build()
      const key = await house.rowOf(entity, 'own')
      const me = world.userId(personOf(entity, 'self'))
      const before = await stored(entity, key)
      for (const column of ['no_such_column', 'id', 'created_at', 'deleted_at', 'updated_by', entity.scope.column]) {
        expect(await openDoor(world.app).update(me, entity.name, key, { [column]: randomUUID() }), column).toBe(
          'invalid',
        )
      }
      expect(await stored(entity, key)).toEqual(before)
    })
  })

  test.each(named(unwritten))('%s takes no write here from anybody', async (_name, entity) => {
    const house = await world.builder.build()
    const key = await house.rowOf(entity, 'theirs')
    const before = await stored(entity, key)
    for (const actor of ACTORS) {
      const me = world.userId(personOf(entity, actor))
      const door = openDoor(world.app)
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
    const houses = housesFor(permissions.restore)
    for (const actor of ACTORS) {
      const house = await houses(actor)
      const key = await house.rowOf(entity, which(actor))
      await bin(house, entity, actor, key)
      got[actor] = await writesDoor(world.app).restore(world.userId(personOf(entity, actor)), entity.name, key)
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

describe.each(named(written.filter(({ lock }) => lock !== undefined)))('a locked row of %s', (_name, entity) => {
  const lock = entity.lock ?? ''
  const { change } = permissionsOf(entity)
  const editors: Who = change['*'] ?? []
  const locked = async (by: PersonName): Promise<string> => {
    const house = await world.builder.build()
    const key = await house.rowOf(entity, 'theirs')
    expect(await writesDoor(world.app).update(world.userId(by), entity.name, key, { [lock]: world.userId(by) })).toBe(
      'done',
    )
    return key
  }

  test('is its locker’s and the owner’s to change, delete and unlock, and nobody else’s', async () => {
    for (const actor of editors) {
      const key = await locked('third')
      const me = world.userId(personOf(entity, actor))
      const isFree = actor === 'owner'
      const door = writesDoor(world.app)
      for (const field of changeableFields(entity, permissionsOf(entity)).filter((each) => each !== lock)) {
        const value = sampleValue(entity.fields[field]!.schema, 1)
        expect(await door.update(me, entity.name, key, { [field]: value }), field).toBe(isFree ? 'done' : 'forbidden')
      }
      if (!isFree) expect(await door.remove(me, entity.name, key)).toBe('forbidden')
      expect(await door.update(me, entity.name, key, { [lock]: null })).toBe(isFree ? 'done' : 'forbidden')
    }
    const own = await locked('collaborator')
    expect(await writesDoor(world.app).update(world.userId('collaborator'), entity.name, own, { [lock]: null })).toBe(
      'done',
    )
  })

  test('is locked in one’s own name only', async () => {
    const house = await world.builder.build()
    const key = await house.rowOf(entity, 'theirs')
    const verdict = await writesDoor(world.app).update(world.userId('collaborator'), entity.name, key, {
      [lock]: world.userId('third'),
    })
    expect(verdict).toBe('invalid')
  })
})

describe.each(named(written.filter(({ scope }) => 'mine' in scope)))('memberships: %s', (_name, entity) => {
  test('the last owner neither leaves nor steps down, until there is another', async () => {
    const house = await world.builder.build()
    const { rows } = await world.owner.query<{ id: string }>(
      `select id from ${entity.name} where ${entity.scope.column} = $1 and user_id = $2`,
      [entity.scope.kind === 'band' ? house.band : house.project, world.userId('owner')],
    )
    const mine = rows[0]?.id ?? ''
    const me = world.userId('owner')
    const door = writesDoor(world.app)
    expect(await door.remove(me, entity.name, mine)).toBe('forbidden')
    expect(await door.update(me, entity.name, mine, { role: 'collaborator' })).toBe('forbidden')
    const other = await house.rowOf(entity, 'theirs')
    expect(await door.update(me, entity.name, other, { role: 'owner' })).toBe('done')
    expect(await door.update(me, entity.name, mine, { role: 'collaborator' })).toBe('done')
    expect(await door.remove(me, entity.name, mine)).toBe('done')
    expect(await door.remove(me, entity.name, other), 'gone from everything here').toBe('not_found')
  })
})

test('a row elsewhere and no row at all are one and the same answer', async () => {
  for (const entity of written) {
    const house = await world.builder.build()
    const theirs = await house.rowOf(entity, 'theirs')
    const door = writesDoor(world.app)
    for (const person of ['outsider', 'former'] as const) {
      const ask = async (key: string) => [
        await door.raw(world.userId(person), { entity: entity.name, op: 'update', key, patch: {} }),
        await door.raw(world.userId(person), { entity: entity.name, op: 'delete', key }),
        await door.raw(world.userId(person), { entity: entity.name, op: 'restore', key }),
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

/** A house of their own for everybody who will change something, and one for all who must not. */
function housesFor(allowed: Who): (actor: Actor) => Promise<House> {
  let shared: Promise<House> | undefined
  return (actor) => (allowed.includes(actor) ? world.builder.build() : (shared ??= world.builder.build()))
}

/** Puts a row into the trash as somebody who may. */
async function bin(house: House, entity: AnyEntity, actor: Actor, key: string): Promise<void> {
  const { delete: allowed } = permissionsOf(entity)
  if (allowed.length === 0) return
  const person = allowed.includes('owner') ? 'owner' : actor === 'self' ? personOf(entity, 'self') : 'third'
  if (!(await isAlive(entity, key))) return
  const verdict = await writesDoor(world.app).remove(world.userId(person), entity.name, key)
  expect(verdict, `${entity.name} of ${house.band} deleted by ${person}`).toBe('done')
}

async function stored(entity: AnyEntity, key: string): Promise<JsonRow | null> {
  const { rows } = await world.owner.query<{ row: JsonRow }>(
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
