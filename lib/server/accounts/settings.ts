import 'server-only'
import * as z from 'zod'
import { EnvError, type EnvSource } from '../env'

/** Settings of sign-in, besides those of `env()`. Every variable is explained in `.env.example`. */
export interface AccountSettings {
  github: ExternalKeys | null
  google: ExternalKeys | null
  /** Null without a mail server: resets then go through the owners of the installation. */
  mail: MailSettings | null
  /** Whether the people of the sample data may sign in: in development, or where SAMPLE_LOGINS=1 says so. */
  sampleLogins: boolean
}

export interface ExternalKeys {
  clientId: string
  clientSecret: string
}

export interface MailSettings {
  /** `smtp://user:password@host:587`, or `smtps://…`. */
  url: string
  /** The sender, such as `Backline <backline@band.example.com>`. */
  from: string
}

let parsed: AccountSettings | undefined

/** The settings of this process, parsed at the first call. Throws `EnvError`. */
export function accountSettings(): AccountSettings {
  parsed ??= parseAccountSettings(process.env)
  return parsed
}

/** Parses settings; an empty variable counts as not set. Throws `EnvError`, whose message names variables and no values. */
export function parseAccountSettings(source: EnvSource): AccountSettings {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''))
  const result = variables.safeParse(given)
  if (!result.success) {
    throw new EnvError(result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`).join(' '))
  }
  const read = result.data
  const mail = both(given, 'SMTP_URL', 'MAIL_FROM')
  if (mail && read.NEXTAUTH_URL === undefined) {
    throw new EnvError('NEXTAUTH_URL is required when SMTP_URL is set: links in mails must not follow a header.')
  }
  return {
    github: keysOf(given, 'GITHUB_ID', 'GITHUB_SECRET'),
    google: keysOf(given, 'GOOGLE_ID', 'GOOGLE_SECRET'),
    mail: mail && { url: mail[0], from: mail[1] },
    sampleLogins: source['NODE_ENV'] !== 'production' || read.SAMPLE_LOGINS === '1',
  }
}

const optional = z.string().optional()
const variables = z.object({
  NEXTAUTH_URL: optional,
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\//, 'must look like smtp://user:password@mail.example.com:587')
    .optional(),
  SAMPLE_LOGINS: z.enum(['0', '1'], 'must be 1 or 0').optional(),
})

function keysOf(given: EnvSource, id: string, secret: string): ExternalKeys | null {
  const keys = both(given, id, secret)
  return keys && { clientId: keys[0], clientSecret: keys[1] }
}

function both(given: EnvSource, first: string, second: string): [string, string] | null {
  const [a, b] = [given[first], given[second]]
  if (a === undefined && b === undefined) return null
  if (a !== undefined && b !== undefined) return [a, b]
  const [set, missing] = a === undefined ? [second, first] : [first, second]
  throw new EnvError(`${missing} is required when ${set} is set.`)
}
