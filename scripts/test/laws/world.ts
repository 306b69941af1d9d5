import pg from 'pg'
import type { AnyEntity } from '@/lib/entity/define'
import { type Actor, PERMISSIONS, type Permissions } from '@/entities/permission-matrix'
import { testApp, type TestApp, type TestAppOptions } from '../app'
import { testDatabase } from '../postgres'
import type { TestDatabase } from '../database'
import { type Builder, houseBuilder, type PersonName, type Which } from './house'

/** What the laws are tried on: an app on a database of its own, and a builder of houses in it. */
export type World = AsyncDisposable & {
  db: TestDatabase
  app: TestApp
  /** Connected as the database's owner. */
  owner: pg.Client
  builder: Builder
  /** The user id of a person; null for nobody. */
  userId(person: PersonName | null): string | null
}

/** Opens a world; `sync` starts what the app reads through. */
export async function lawsWorld(
  sync?: (db: TestDatabase) => Promise<NonNullable<TestAppOptions['sync']> & AsyncDisposable>,
): Promise<World> {
  const db = await testDatabase({ migrated: true })
  const service = await sync?.(db)
  const settings = { WRITES_PER_SECOND: '1000000' }
  const app = await testApp(db, service ? { sync: service, settings } : { settings })
  const owner = new pg.Client(db.ownerUrl)
  await owner.connect()
  const builder = await houseBuilder(owner)
  return {
    db,
    app,
    owner,
    builder,
    userId: (person) => (person === null ? null : builder.people[person]),
    async [Symbol.asyncDispose]() {
      await owner.end()
      await app[Symbol.asyncDispose]()
      await service?.[Symbol.asyncDispose]()
      await db[Symbol.asyncDispose]()
    },
  }
}

/** The hand-typed lines of an entity. */
export function permissionsOf({ name }: Pick<AnyEntity, 'name'>): Permissions {
  const permissions = PERMISSIONS[name]
  if (!permissions) throw new Error(`${name} has no lines in the permission matrix`)
  return permissions
}

/** One line per actor: what the matrix says they get, or what they got. */
export type Verdicts = Partial<Record<Actor, string>>

/** Which row an actor meets. */
export function which(actor: Actor): Which {
  return actor === 'self' ? 'own' : 'theirs'
}

/** Entities for `describe.each`. */
export function named(entities: readonly AnyEntity[]): [string, AnyEntity][] {
  return entities.map((entity) => [entity.name, entity])
}
