import 'server-only'
import { eq } from 'drizzle-orm'
import * as z from 'zod'
import type { Database } from '@/db/client'
import { users } from '@/db/schema'
import type { Viewer } from '@/lib/entity/viewer'
import { accountWork } from './account-work'
import { malformed, type Outcome } from './outcome'
import { personName, storable } from './person'

const profileForm = z.object({
  name: personName.optional(),
  image: z
    .url({ protocol: /^https$/, error: 'must be an address that starts with https://' })
    .max(2_000, 'is longer than 2000 characters')
    .check(storable)
    .nullable()
    .optional(),
})

/**
 * Changes how the viewer is called from now on. In bands they keep the name and picture they have there (`band_members`).
 * Failures: `invalid`.
 */
export async function changeProfile(db: Database, viewer: Viewer, input: unknown): Promise<Outcome> {
  const read = profileForm.safeParse(input)
  if (!read.success) return malformed(read.error)
  const { name, image } = read.data
  const changed = { ...(name === undefined ? {} : { name }), ...(image === undefined ? {} : { image }) }
  if (Object.keys(changed).length > 0) {
    await accountWork(db, (tx) => tx.update(users).set(changed).where(eq(users.id, viewer.user_id)))
  }
  return { ok: true }
}
