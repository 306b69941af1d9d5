import 'server-only'
import { sql } from 'drizzle-orm'
import type { Database, Transaction } from '@/db/client'

/**
 * Runs account work (sign-in, sign-up, resets) in a transaction that may see every account: before sign-in there is no viewer to act
 * for. Row-level security shows the account tables to nobody else but a person's own row (drizzle/0003_access.sql).
 */
export function accountWork<T>(db: Database, act: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select set_config('app.purpose', 'accounts', true)`)
    return act(tx)
  })
}
