import { randomUUID } from 'node:crypto'
import pg from 'pg'
import type { TestDatabase } from './database'

/** Writes to a test database behind the doors' back, as its owner. */
export type Backstage = AsyncDisposable & {
  sql: pg.Pool
  /** A person who can sign in; returns the user id. */
  person(name: string): Promise<string>
  /** A band with these members; returns its id. */
  band(members: Record<string, 'owner' | 'collaborator' | 'viewer'>): Promise<string>
  /** A song of a band; returns its id. */
  song(band: string, title: string): Promise<string>
  /** Ends a membership, as the write door does. */
  remove(band: string, user: string): Promise<void>
}

/** People, bands and songs for tests of doors that need a few of each; `db` is migrated. */
export function backstage(db: TestDatabase): Backstage {
  const sql = new pg.Pool({ connectionString: db.ownerUrl, max: 4 })
  return {
    sql,
    async person(name) {
      const id = randomUUID()
      await sql.query(`insert into users (id, email, name) values ($1, $2, $3)`, [id, `${name}-${id}@test`, name])
      return id
    },
    async band(members) {
      const id = randomUUID()
      await sql.query(`insert into bands (id, name) values ($1, 'Band')`, [id])
      for (const [user, role] of Object.entries(members)) {
        await sql.query(`insert into band_members (id, band_id, user_id, role) values ($1, $2, $3, $4)`, [
          randomUUID(),
          id,
          user,
          role,
        ])
      }
      return id
    },
    async song(band, title) {
      const id = randomUUID()
      await sql.query(`insert into songs (id, band_id, title) values ($1, $2, $3)`, [id, band, title])
      return id
    },
    async remove(band, user) {
      await sql.query(`update band_members set deleted_at = now() where band_id = $1 and user_id = $2`, [band, user])
    },
    async [Symbol.asyncDispose]() {
      await sql.end()
    },
  }
}
