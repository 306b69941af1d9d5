import 'server-only'
import { eq, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Database, Transaction } from '@/db/client'
import { accounts, passwordResets, users } from '@/db/schema'
import { allEntities } from '@/entities'
import type { Viewer } from '@/lib/entity/viewer'
import type { Caller } from './caller'
import { failed, malformed, type Outcome } from './outcome'
import { claimedPassword } from './password'
import { provePassword } from './password-change'
import { leaveEverything, soleOwnerships } from './memberships'

const closeForm = z.object({ password: claimedPassword.optional() })

/**
 * Closes the viewer's account: sessions and memberships end, personal rows go to the trash, email, name, picture and password are
 * forgotten. What they wrote in bands stays with the bands. Refused (`forbidden`) while a band or project would be left without an
 * owner; the issues name them. Other failures: `invalid` (password), `rate_limited`, `signed_out`.
 */
export async function closeAccount(db: Database, viewer: Viewer, input: unknown, caller: Caller): Promise<Outcome> {
  const read = closeForm.safeParse(input ?? {})
  if (!read.success) return malformed(read.error)
  const proof = await provePassword(db, viewer, read.data.password, caller)
  if (!proof.ok) {
    const { failure } = proof
    return failed(failure.code, failure.message, failure.issues && ['password: is not your password'])
  }
  return db.transaction(async (tx) => {
    await actAs(tx, viewer.user_id)
    const abandoned = await soleOwnerships(tx, viewer)
    if (abandoned.length > 0) return wouldAbandon(abandoned)
    await leaveEverything(tx, viewer)
    await forget(tx, viewer.user_id)
    return { ok: true }
  })
}

/** As the person (their rows) and as account work (their account) at once. */
async function actAs(tx: Transaction, userId: string): Promise<void> {
  await tx.execute(sql`select set_config('app.user_id', ${userId}, true), set_config('app.purpose', 'accounts', true)`)
}

function wouldAbandon(names: readonly string[]) {
  const what = names.map((name) => `“${name}”`).join(', ')
  return failed(
    'forbidden',
    `You are the only owner of ${what}. Make somebody else owner, or delete it, then close your account.`,
    names.map((name) => `${name}: would have no owner`),
  )
}

async function forget(tx: Transaction, userId: string): Promise<void> {
  for (const { name, scope } of allEntities.filter((entity) => entity.scope.kind === 'user')) {
    await tx.execute(sql`
      update ${sql.identifier(name)} set deleted_at = clock_timestamp()
      where ${sql.identifier(scope.column)} = ${userId} and deleted_at is null`)
  }
  await tx.delete(accounts).where(eq(accounts.user_id, userId))
  await tx.delete(passwordResets).where(eq(passwordResets.user_id, userId))
  await tx
    .update(users)
    .set({
      email: `closed-${userId}`,
      email_verified: null,
      name: null,
      image: null,
      password_hash: null,
      session_version: sql`${users.session_version} + 1`,
      deleted_at: sql`clock_timestamp()`,
    })
    .where(eq(users.id, userId))
}
