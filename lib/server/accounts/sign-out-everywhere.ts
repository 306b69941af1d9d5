import 'server-only'
import { eq, sql } from 'drizzle-orm'
import type { Database } from '@/db/client'
import { users } from '@/db/schema'
import type { Viewer } from '@/lib/entity/viewer'
import { accountWork } from './account-work'

/** Ends every session of the viewer, held streams included: the doors compare the number with every request and heartbeat. */
export async function signOutEverywhere(db: Database, viewer: Viewer): Promise<void> {
  await accountWork(db, (tx) =>
    tx
      .update(users)
      .set({ session_version: sql`${users.session_version} + 1` })
      .where(eq(users.id, viewer.user_id)),
  )
}
