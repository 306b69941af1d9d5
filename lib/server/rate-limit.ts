import 'server-only'
import { sql } from 'drizzle-orm'
import * as z from 'zod'
import type { Database } from '@/db/client'
import { kept } from '@/db/kept-statements'
import type { Failure } from '@/lib/protocol/errors'
import { readSettings, type EnvSource } from './env'

/** How often something may happen: at most `max` times in any `windowMs`, counted for each key. */
export interface Limit {
  /** What is limited: the first part of the counters' keys. */
  name: string
  max: number
  windowMs: number
}

/** The limits of this installation. Every variable is explained in `.env.example`. */
export interface Limits {
  /** Requests to the write doors, for each person. */
  writes: Limit
  /** Guesses at one account: sign-in, password resets. */
  signInAccount: Limit
  /** Guesses from one network address. */
  signInAddress: Limit
  /** Mails with a code for a new password, to one email address. */
  resetMails: Limit
}

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Counters older than this are of no use: the longest window, and as much again for the one that fades. */
const KEPT_MS = 2 * HOUR_MS
/** How often a process removes counters of old, beside an attempt that it counts anyway. */
const SWEEP_EVERY_MS = MINUTE_MS

let parsed: Limits | undefined

/** The limits of this process, parsed at the first call. Throws `EnvError`. */
export function limits(): Limits {
  parsed ??= parseLimits(process.env)
  return parsed
}

/** Parses the limits; an empty variable counts as not set. Throws `EnvError`, naming the variable. */
export function parseLimits(source: EnvSource): Limits {
  const read = readSettings(variables, source)
  return {
    writes: { name: 'writes', max: read.WRITES_PER_SECOND, windowMs: SECOND_MS },
    signInAccount: { name: 'sign-in:account', max: read.SIGN_INS_PER_ACCOUNT, windowMs: MINUTE_MS },
    signInAddress: { name: 'sign-in:address', max: read.SIGN_INS_PER_ADDRESS, windowMs: MINUTE_MS },
    resetMails: { name: 'reset-mail', max: read.RESET_MAILS_PER_HOUR, windowMs: HOUR_MS },
  }
}

const perWindow = (standard: number) => {
  const problem = 'must be a whole number from 1 to 1000000'
  return z
    .string()
    .regex(/^\d{1,7}$/, problem)
    .transform(Number)
    .refine((value) => value >= 1 && value <= 1_000_000, problem)
    .default(standard)
}

const variables = z.object({
  WRITES_PER_SECOND: perWindow(50),
  SIGN_INS_PER_ACCOUNT: perWindow(10),
  SIGN_INS_PER_ADDRESS: perWindow(60),
  RESET_MAILS_PER_HOUR: perWindow(3),
})

type Taken = { taken: boolean; elapsed: number; previous: number; current: number }

/**
 * Takes one from what `whose` has left under a limit: null, or `rate_limited` with the time after which to come back.
 * Counted in Postgres by its clock, so the limit holds across processes. A refused attempt counts for nothing.
 *
 * A sliding window made of two fixed ones: the one before weighs as much as of it still lies within `windowMs`.
 */
export async function takeFromLimit(
  db: Pick<Database, 'execute'>,
  limit: Limit,
  whose: string,
): Promise<Failure | null> {
  const key = `${limit.name}:${whose}`
  const windowSeconds = limit.windowMs / 1000
  const { rows } = await db.execute<Taken>(sql`${kept}
    WITH moment AS MATERIALIZED (
      SELECT to_timestamp(floor(extract(epoch FROM at) / ${windowSeconds}::float8) * ${windowSeconds}::float8) AS starts, at
      FROM clock_timestamp() AS at
    ), counted AS MATERIALIZED (
      SELECT starts, extract(epoch FROM at - starts)::float8 / ${windowSeconds}::float8 AS elapsed,
        coalesce((SELECT count FROM rate_limits WHERE key = ${key}
                  AND "window" = starts - make_interval(secs => ${windowSeconds}::float8)), 0) AS previous,
        coalesce((SELECT count FROM rate_limits WHERE key = ${key} AND "window" = starts), 0) AS current
      FROM moment
    ), taken AS (
      INSERT INTO rate_limits AS r (key, "window", count)
      SELECT ${key}, starts, 1 FROM counted WHERE previous * (1 - elapsed) + 1 <= ${limit.max}::int
      ON CONFLICT (key, "window") DO UPDATE SET count = r.count + 1
      WHERE r.count + (SELECT previous * (1 - elapsed) FROM counted) + 1 <= ${limit.max}::int
      RETURNING 1
    )
    SELECT EXISTS (SELECT FROM taken) AS taken, elapsed, previous, current FROM counted
  `)
  const state = rows[0]
  if (!state) throw new Error('the rate limit answered nothing')
  await sweepWhenDue(db, limit)
  if (state.taken) return null
  const waitMs = retryAfterMs(state, limit)
  return {
    code: 'rate_limited',
    message: `That was too much at once. Try again in ${waitMs < 2000 ? 'a moment' : `${Math.ceil(waitMs / 1000)} seconds`}.`,
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  }
}

/** Milliseconds until the sliding count has room for one more. */
export function retryAfterMs(
  { elapsed, previous, current }: { elapsed: number; previous: number; current: number },
  { max, windowMs }: Limit,
): number {
  // Within this window only the previous one fades away.
  const excess = current + previous * (1 - elapsed) - max + 1
  const fade = previous > 0 ? (excess / previous) * windowMs : Number.POSITIVE_INFINITY
  const untilNext = (1 - elapsed) * windowMs
  if (fade <= untilNext) return Math.max(0, fade)
  // Afterwards this window is the previous one.
  const share = current > 0 ? Math.max(0, (current - max + 1) / current) : 0
  return untilNext + share * windowMs
}

let sweepDueAt = 0

async function sweepWhenDue(db: Pick<Database, 'execute'>, { windowMs }: Limit): Promise<void> {
  if (Date.now() < sweepDueAt) return
  sweepDueAt = Date.now() + SWEEP_EVERY_MS
  const keptSeconds = Math.max(KEPT_MS, 2 * windowMs) / 1000
  await db.execute(
    sql`DELETE FROM rate_limits WHERE "window" < clock_timestamp() - make_interval(secs => ${keptSeconds}::float8)`,
  )
}
