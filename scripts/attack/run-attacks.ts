import { SAMPLE_USERS } from '@/db/sample-ids'
import { allEntities } from '@/entities'
import { readErrorBody } from '@/lib/protocol/errors'
import { isJsonObject } from '@/lib/protocol/json'
import { unreachable } from '@/lib/protocol/unreachable'
import type { Attack, Target } from './attack'
import { crossingCorpus } from './crossing-corpus'
import { doorCorpus } from './door-corpus'
import { registryCorpus } from './registry-corpus'
import { replayCorpus } from './replay-corpus'
import { readPrey } from './world'

/** An attack that got somewhere. */
export interface Breach {
  attack: Attack
  /** What happened that must not. */
  found: string
}

export interface Report {
  attacks: number
  breaches: Breach[]
}

/**
 * Runs the whole corpus against an app with the sample data. Besides the answer, attacks are judged by what they left behind: not a row of
 * any table may differ after a family of attacks, unless they were to be stored, and no answer may tell what is Olga's or how the server works.
 */
export async function runAttacks(given: Target): Promise<Report> {
  const target = { ...given, cookieOf: remembered(given.cookieOf) }
  const prey = await readPrey(target)
  const corpus = [...registryCorpus(prey), ...crossingCorpus(prey), ...doorCorpus(), ...(await replayCorpus(target))]
  const secrets = prey.flatMap(({ foreign }) => secretsOf(foreign))
  const breaches: Breach[] = []
  for (const family of new Set(corpus.map(({ group }) => group))) {
    const group = corpus.filter((attack) => attack.group === family)
    breaches.push(...(await runGroup(target, group, secrets)))
  }
  return { attacks: corpus.length, breaches }
}

/** Runs attacks of one family, and looks at what is left behind once for all. */
async function runGroup(target: Target, group: readonly Attack[], secrets: readonly string[]): Promise<Breach[]> {
  const breaches: Breach[] = []
  const before = await fingerprint(target)
  for (const attack of group) {
    const found = await judge(target, attack, secrets)
    if (found !== null) breaches.push({ attack, found })
  }
  const [first] = group
  const isStoring = group.some(({ expect }) => expect.kind === 'stored')
  if (first && !isStoring && (await fingerprint(target)) !== before) {
    breaches.push({ attack: first, found: `rows changed while the family "${first.group}" was tried` })
  }
  return breaches
}

/** Making a session costs more than using it. */
function remembered(cookieOf: Target['cookieOf']): Target['cookieOf'] {
  const cookies = new Map<string, Promise<string>>()
  return (userId) => {
    const cookie = cookies.get(userId) ?? cookieOf(userId)
    cookies.set(userId, cookie)
    return cookie
  }
}

/** What only Olga and her band may read: names and texts that are recognisably hers. */
function secretsOf(row: Record<string, unknown>): string[] {
  return Object.entries(row).flatMap(([column, value]) =>
    typeof value === 'string' && (column === 'code' || value.includes('of olga') || value.includes('by olga'))
      ? [value]
      : [],
  )
}

const INNARDS =
  /node_modules|\.tsx?:|\bat async\b|SQLSTATE|violates|pg_|relation "|syntax error|row-level|drizzle|stack/i

async function judge(target: Target, attack: Attack, secrets: readonly string[]): Promise<string | null> {
  const headers = new Headers({ 'content-type': 'application/json', ...attack.headers })
  if (headers.get('content-type') === '') headers.delete('content-type')
  if (attack.as) headers.set('cookie', await target.cookieOf(SAMPLE_USERS[attack.as].id))
  const hasBody = attack.method === 'POST' || attack.method === 'PATCH'
  const body = !hasBody ? {} : { body: new TextEncoder().encode(attack.body ?? '') }
  const response = await fetch(`${target.url}${attack.path}`, {
    method: attack.method,
    headers,
    redirect: 'manual',
    ...body,
  })
  const text = await response.text()
  const leaked = secrets.find((secret) => text.includes(secret) && !attack.body?.includes(secret))
  if (leaked) return `the answer tells "${leaked}"`
  if (INNARDS.test(text)) return `the answer tells how the server works: ${text.slice(0, 200)}`
  return judgeAnswer(target, attack, response.status, text)
}

async function judgeAnswer({ rows }: Target, { expect }: Attack, status: number, text: string): Promise<string | null> {
  const answered = `${status} ${text.slice(0, 200)}`
  switch (expect.kind) {
    case 'refused':
      return expect.statuses.includes(status) && readErrorBody(parse(text)) ? null : `answered ${answered}`
    case 'rejected': {
      const results = resultsIn(parse(text))
      const isRejected = (r: unknown) =>
        isJsonObject(r) && r['status'] === 'rejected' && expect.codes.includes(String(r['code']))
      return status === 200 && results.length > 0 && results.every(isRejected) ? null : `answered ${answered}`
    }
    case 'stored': {
      const found = await rows(`SELECT ${expect.column} AS text FROM ${expect.table} WHERE id = $1`, expect.key)
      return found[0]?.['text'] === expect.text ? null : `stored ${JSON.stringify(found[0])}, answered ${answered}`
    }
    default:
      return unreachable(expect)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function resultsIn(body: unknown): unknown[] {
  return isJsonObject(body) && Array.isArray(body['results']) ? body['results'] : []
}

/** One value that changes with any row of any synced table, and with the accounts. */
async function fingerprint({ rows }: Target): Promise<string> {
  const tables = [...allEntities.map(({ name }) => name), 'users']
  const each = tables.map(
    (name) => `SELECT '${name}' || coalesce(md5(string_agg(t::text, '' ORDER BY t.id)), '') AS digest FROM ${name} t`,
  )
  const [whole] = await rows(
    `SELECT md5(string_agg(digest, '' ORDER BY digest)) AS digest FROM (${each.join(' UNION ALL ')}) each`,
  )
  return String(whole?.['digest'])
}
