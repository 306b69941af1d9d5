import 'server-only'
import { sql } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'

/** Runs reads as this person: row-level security shows only what is theirs, whatever the statements say. */
export async function asViewer<T>(viewer: Viewer, db: Database, read: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction(
    async (tx) => {
      await tx.execute(sql`select set_config('app.user_id', ${viewer.user_id}, true)`)
      return read(tx)
    },
    { accessMode: 'read only' },
  )
}
