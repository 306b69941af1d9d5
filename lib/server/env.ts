import 'server-only'
import * as z from 'zod'

/** The app's settings, as the doors use them. Every variable is explained in `.env.example`. */
export interface Env {
  databaseUrl: string
  /** Where the sync service answers, without a trailing slash. */
  electricUrl: string
  /** Null only for a sync service that runs without one. */
  electricSecret: string | null
  authSecret: string
  /** The public origin, such as https://band.example.com; null where the request's own host counts. */
  publicOrigin: string | null
  /** How many proxies of our own stand in front: so many entries of x-forwarded-for are believed. */
  trustedProxies: number
  /** Owners of the installation, lower case. */
  adminEmails: readonly string[]
  /** Period of the polling fallback, in milliseconds. */
  syncIntervalMs: number
  /** When a live answer ends by itself, in seconds: below the platform's own limit. */
  liveMaxSeconds: number
  flags: Record<FlagName, FlagSetting>
}

/** Names of the flags as people see them, and the variable that sets each. */
export const FLAG_VARIABLES = {
  realtime: 'ENABLE_REALTIME',
  sync_icons: 'ENABLE_SYNC_ICONS',
  toasts: 'ENABLE_TOASTS',
} as const
export type FlagName = keyof typeof FLAG_VARIABLES

/** The share of people a flag is on for, in percent: `true` is 100, `false` 0. */
export type FlagSetting = number

export type EnvSource = Readonly<Record<string, string | undefined>>

/** A setting that is missing or wrong. The message is a list of sentences, each naming its variable, never a value. */
export class EnvError extends Error {
  override name = 'EnvError'
}

let parsed: Env | undefined

/** The settings of this process, parsed at the first call. Throws `EnvError`. */
export function env(): Env {
  parsed ??= parseEnv(process.env)
  return parsed
}

/** What a schema reads from the environment; an empty variable counts as not set. Throws `EnvError`, naming each variable. */
export function readSettings<Schema extends z.ZodType>(schema: Schema, source: EnvSource): z.output<Schema> {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = schema.safeParse(given)
  if (result.success) return result.data
  throw new EnvError(result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`).join(' '))
}

/** Parses settings; an empty variable counts as not set. Throws `EnvError`. */
export function parseEnv(source: EnvSource): Env {
  const read = readSettings(variables, source)
  return {
    databaseUrl: read.DATABASE_URL,
    electricUrl: read.ELECTRIC_URL.replace(/\/+$/, ''),
    electricSecret: read.ELECTRIC_SECRET ?? null,
    authSecret: read.AUTH_SECRET,
    publicOrigin: read.NEXTAUTH_URL === undefined ? null : new URL(read.NEXTAUTH_URL).origin,
    trustedProxies: read.TRUSTED_PROXIES,
    adminEmails: read.ADMIN_EMAILS,
    syncIntervalMs: read.SYNC_INTERVAL,
    liveMaxSeconds: read.LIVE_MAX_SECONDS,
    flags: { realtime: read.ENABLE_REALTIME, sync_icons: read.ENABLE_SYNC_ICONS, toasts: read.ENABLE_TOASTS },
  }
}

const missing = 'is not set'

const url = (protocols: readonly string[], example: string) => {
  const problem = `must look like ${example}`
  return z.string(missing).refine((text) => hasProtocol(text, protocols), problem)
}
const webUrl = (example: string) => url(['http:', 'https:'], example)

const wholeNumber = (min: number, max: number, standard: number) => {
  const problem = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,9}$/, problem)
    .transform(Number)
    .refine((value) => value >= min && value <= max, problem)
    .default(standard)
}

const FLAG_PROBLEM = 'must be true, false or a percentage from 0 to 100'
const flag = z
  .string()
  .regex(/^(true|false|\d{1,3})$/, FLAG_PROBLEM)
  .transform((text): FlagSetting => (text === 'true' ? 100 : text === 'false' ? 0 : Number(text)))
  .refine((percent) => percent <= 100, FLAG_PROBLEM)
  .default(100)

const variables = z.object({
  DATABASE_URL: url(['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/database'),
  ELECTRIC_URL: webUrl('http://localhost:3133'),
  ELECTRIC_SECRET: z.string().optional(),
  AUTH_SECRET: z.string(missing).min(16, 'must be at least 16 characters long; `openssl rand -base64 32` makes one'),
  NEXTAUTH_URL: webUrl('https://band.example.com').optional(),
  TRUSTED_PROXIES: wholeNumber(0, 10, 0),
  ADMIN_EMAILS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter((part) => part !== ''),
    ),
  SYNC_INTERVAL: wholeNumber(500, 3_600_000, 4_000),
  LIVE_MAX_SECONDS: wholeNumber(5, 86_400, 280),
  ENABLE_REALTIME: flag,
  ENABLE_SYNC_ICONS: flag,
  ENABLE_TOASTS: flag,
})

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol)
}
