import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnyEntity } from '@/lib/entity/define'
import { type House, personOf } from '@/scripts/test/laws/house'
import { lawsWorld, named, permissionsOf, type Verdicts, which, type World } from '@/scripts/test/laws/world'
import { testSyncService } from '@/scripts/test/sync-service'
import { allEntities } from '.'
import { type Actor, ACTORS, type Who } from './permission-matrix'

let world: World
beforeAll(async () => {
  world = await lawsWorld(testSyncService)
})
afterAll(() => world[Symbol.asyncDispose]())

describe.each(named(allEntities))('reading %s', (_name, entity) => {
  const { read } = permissionsOf(entity)

  test('the read door serves a scope to those who may read it, and one and the same 403 to the rest', async () => {
    const house = await world.builder.build()
    const keys = { theirs: await house.rowOf(entity, 'theirs'), own: await house.rowOf(entity, 'own') }
    const got: Verdicts = {}
    for (const actor of ACTORS) {
      got[actor] = await readDoor(
        entity,
        actor,
        scopeOf(house, entity, actor),
        actor === 'self' ? keys.own : keys.theirs,
      )
    }
    expect(got).toEqual(expectedReading(read))
  })

  test('the history door answers the same', async () => {
    const house = await world.builder.build()
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
    user: world.builder.people[actor === 'self' ? 'viewer' : 'third'],
  })[entity.scope.kind]

async function get(actor: Actor, entity: AnyEntity, path: string): Promise<Response> {
  const id = world.userId(personOf(entity, actor))
  return id === null ? fetch(`${world.app.url}${path}`) : world.app.as(id)(path)
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
