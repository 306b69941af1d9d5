import 'server-only'
import { and, eq, isNull, sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Database, Transaction } from '@/db/client'
import { passwordResets, users } from '@/db/schema'
import { accountWork } from './account-work'
import type { Caller } from './caller'
import { sendMail } from './mail'
import { hashCode, makeCode } from './one-time-code'
import { failed, malformed, type Outcome } from './outcome'
import { hashPassword, newPassword } from './password'
import { setPassword } from './password-change'
import { emailAddress, findPersonByEmail, type Person } from './person'
import { accountSettings } from './settings'
import { mayMail, throttle } from './throttle'

/** How long a code works. A mail is read at once; a code that a person hands out may have to travel. */
const HOURS = { mail: 1, administrator: 24 } as const

/** One answer for wrong, used and expired codes. */
export const BAD_CODE = 'This code does not work: it may be mistyped, used or expired. Ask for a new one.'

export interface ResetCode {
  code: string
  /** ISO 8601. */
  expires_at: string
}

/**
 * Asks for a new password by mail. The answer is the same whether the account exists or not, and comes before any mail is sent:
 * the caller runs `deliver` after it has answered. Failures: `invalid`, `rate_limited`, `unavailable` without a mail server.
 */
export async function requestReset(
  db: Database,
  input: unknown,
  caller: Caller,
): Promise<Outcome<{ deliver: () => Promise<void> }>> {
  const read = z.object({ email: emailAddress }).safeParse(input)
  if (!read.success) return malformed(read.error)
  const { email } = read.data
  const tooOften = await throttle(db, { account: `reset ${email}`, address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const { mail } = accountSettings()
  if (!mail) {
    return failed(
      'unavailable',
      'This installation sends no mail. Ask the person who runs it for a one-time code, then enter it here.',
    )
  }
  const deliver = async () => {
    if (!(await mayMail(db, email))) return
    const issued = await issueResetCode(db, email, 'mail')
    if (issued) await sendMail(mail, resetMail(issued.person, issued.reset, caller.origin))
  }
  return { ok: true, deliver }
}

/**
 * Makes a single-use code for an open account; null when there is none. Who may ask is the caller's question
 * (`issueCodeAsAdministrator`, scripts/reset-code.ts, a mail to the address).
 */
export function issueResetCode(
  db: Database,
  email: string,
  issued_by: keyof typeof HOURS,
): Promise<{ person: Person; reset: ResetCode } | null> {
  return accountWork(db, async (tx) => {
    const person = await findPersonByEmail(tx, email)
    if (!person) return null
    await sweepResets(tx)
    const code = makeCode()
    const [reset] = await tx
      .insert(passwordResets)
      .values({
        user_id: person.id,
        token_hash: hashCode(code),
        issued_by,
        expires_at: sql`clock_timestamp() + make_interval(hours => ${HOURS[issued_by]})`,
      })
      .returning()
    if (!reset) throw new Error('a password reset was not stored')
    return { person, reset: { code, expires_at: reset.expires_at } }
  })
}

/** Codes that no longer work are kept no longer: whoever asks for the next one removes them, everybody's. */
async function sweepResets(tx: Transaction): Promise<void> {
  // Rows that somebody else is at (removing them too) need no second hand.
  await tx.execute(sql`
    delete from password_resets where id in (
      select id from password_resets where used_at is not null or expires_at <= clock_timestamp() for update skip locked)`)
}

const resetForm = z.object({ code: z.string('is missing').min(1, 'is missing').max(100), new_password: newPassword })

/**
 * Sets a new password with a code, once, and ends all sessions of the account.
 * Failures: `invalid` (wrong, used and expired codes alike), `rate_limited`.
 */
export async function resetPassword(
  db: Database,
  input: unknown,
  caller: Caller,
): Promise<Outcome<{ person: Person }>> {
  const read = resetForm.safeParse(input)
  if (!read.success) return malformed(read.error)
  const tooOften = await throttle(db, { address: caller.address })
  if (tooOften) return { ok: false, failure: tooOften }
  const password_hash = await hashPassword(read.data.new_password)
  const person = await accountWork(db, (tx) => spendCode(tx, read.data.code, password_hash))
  return person ? { ok: true, person } : failed('invalid', BAD_CODE, ['code: does not work'])
}

async function spendCode(tx: Transaction, code: string, password_hash: string): Promise<Person | null> {
  const [spent] = await tx
    .update(passwordResets)
    .set({ used_at: sql`clock_timestamp()` })
    .where(
      and(
        eq(passwordResets.token_hash, hashCode(code)),
        isNull(passwordResets.used_at),
        sql`${passwordResets.expires_at} > clock_timestamp()`,
      ),
    )
    .returning()
  if (!spent) return null
  if (spent.issued_by === 'mail') {
    // The code came by mail: whoever has it reads that address.
    await tx
      .update(users)
      .set({ email_verified: sql`coalesce(${users.email_verified}, clock_timestamp())` })
      .where(eq(users.id, spent.user_id))
  }
  return setPassword(tx, spent.user_id, password_hash)
}

function resetMail(person: Person, { code }: ResetCode, origin: string) {
  const link = `${origin}/password/reset?code=${code}`
  return {
    to: person.email,
    subject: 'Choose a new password for Backline',
    text: [
      `Hello ${person.name ?? ''}`.trim() + ',',
      `somebody, probably you, asked for a new password for your Backline account. Choose it here within an hour:`,
      link,
      `If it was not you, do nothing: your password stays as it is.`,
    ].join('\n\n'),
  }
}
