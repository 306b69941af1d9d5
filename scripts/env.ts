import { resolve } from 'node:path'
import * as z from 'zod'

/** What the supervisor was told through the environment; the app checks its own variables itself (lib/server/env.ts). */
export type Settings = {
  /** Absolute. */
  dataDir: string
  ports: { app: number; postgres: number; electric: number }
  database: DatabaseSetting
  electric: ElectricSetting
  authSecret: string | undefined
  /** Whether a production build lets the sample people in. */
}

export type DatabaseSetting =
  | { kind: 'embedded' }
  | {
      kind: 'given'
      appUrl: string
      ownerUrl: string
      electricUrl: string | undefined
      superuserUrl: string | undefined
    }

export type ElectricSetting =
  { kind: 'embedded'; secret: string | undefined } | { kind: 'given'; url: string; secret: string | undefined }

export type SettingsResult = { kind: 'ok'; settings: Settings } | { kind: 'bad'; problems: string[] }

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads the settings; every problem is a sentence that starts with the variable's name and never repeats a secret. */
export function readSettings(environment: Environment, root: string): SettingsResult {
  const parsed = variables.safeParse(withoutEmpty(environment))
  if (!parsed.success) return { kind: 'bad', problems: parsed.error.issues.map(toSentence) }
  const problems = findContradictions(parsed.data)
  if (problems.length > 0) return { kind: 'bad', problems }
  return { kind: 'ok', settings: toSettings(parsed.data, root) }
}

const port = (standard: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number from 0 (any free port) to 65535')
    .transform(Number)
    .refine((value) => value <= 65535, 'must be a port number from 0 (any free port) to 65535')
    .default(standard)

const postgresUrl = z.string().refine((text) => hasProtocol(text, ['postgres:', 'postgresql:']), {
  message: 'must look like postgresql://user:password@host:5432/database',
})
const webUrl = z.string().refine((text) => hasProtocol(text, ['http:', 'https:']), {
  message: 'must look like https://electric.example.com',
})
const secret = z.string().min(16, 'must be at least 16 characters long; `openssl rand -base64 32` makes one')

const variables = z.object({
  PORT: port(3000),
  POSTGRES_PORT: port(54329),
  ELECTRIC_PORT: port(3133),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_URL_UNPOOLED: postgresUrl.optional(),
  ELECTRIC_DATABASE_URL: postgresUrl.optional(),
  SUPERUSER_DATABASE_URL: postgresUrl.optional(),
  ELECTRIC_URL: webUrl.optional(),
  ELECTRIC_SECRET: secret.optional(),
  AUTH_SECRET: secret.optional(),
  SAMPLE_LOGINS: z.enum(['0', '1'], 'must be 1 or 0').optional(),
})
type Variables = z.infer<typeof variables>

function findContradictions(given: Variables): string[] {
  const problems: string[] = []
  if (given.DATABASE_URL !== undefined) {
    if (given.DATABASE_URL_UNPOOLED === undefined) {
      problems.push(
        'DATABASE_URL_UNPOOLED is required when DATABASE_URL is set: migrations run over a direct connection as the owner.',
      )
    }
    if (given.ELECTRIC_DATABASE_URL === undefined && given.ELECTRIC_URL === undefined) {
      problems.push(
        'ELECTRIC_DATABASE_URL (or ELECTRIC_URL) is required when DATABASE_URL is set: the sync service needs a direct connection as backline_electric.',
      )
    }
    return problems
  }
  for (const name of ['DATABASE_URL_UNPOOLED', 'ELECTRIC_DATABASE_URL'] as const) {
    if (given[name] !== undefined)
      problems.push(`${name} is set but DATABASE_URL is not: set both, or neither to use the embedded database.`)
  }
  return problems
}

function toSettings(given: Variables, root: string): Settings {
  return {
    dataDir: resolve(root, given.DATA_DIR),
    ports: { app: given.PORT, postgres: given.POSTGRES_PORT, electric: given.ELECTRIC_PORT },
    database:
      given.DATABASE_URL === undefined || given.DATABASE_URL_UNPOOLED === undefined
        ? { kind: 'embedded' }
        : {
            kind: 'given',
            appUrl: given.DATABASE_URL,
            ownerUrl: given.DATABASE_URL_UNPOOLED,
            electricUrl: given.ELECTRIC_DATABASE_URL,
            superuserUrl: given.SUPERUSER_DATABASE_URL,
          },
    electric:
      given.ELECTRIC_URL === undefined
        ? { kind: 'embedded', secret: given.ELECTRIC_SECRET }
        : { kind: 'given', url: given.ELECTRIC_URL, secret: given.ELECTRIC_SECRET },
    authSecret: given.AUTH_SECRET,
  }
}

function toSentence(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')} ${issue.message}.`
}

/** In `.env` files an empty value means "not set". */
function withoutEmpty(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
}

function hasProtocol(text: string, protocols: string[]): boolean {
  try {
    return protocols.includes(new URL(text).protocol)
  } catch {
    return false
  }
}
