import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { newKey } from '@/lib/entity/keys'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { asOwner } from '@/scripts/test/as-owner'
import { bundle } from '@/scripts/run.mjs'
import type { Stack } from '@/scripts/test/stack'
import { LineListener } from './line-listener'

/** Many people on the live door, each with a stream and a session of their own. Headless: a line that arrived counts as shown. */
export interface CrowdOptions {
  stack: Stack
  /** Tells this crowd's people and bands from another's: a hexadecimal digit. */
  prefix: string
  bands: number
  peoplePerBand: number
  rounds: number
  cookieOf: (userId: string) => Promise<string>
}

/** Opened at a time, so that opening is no stampede. */
const OPENING = 40
/** Not counted: the first writes meet a server that has not run their code yet. */
const WARM_UP = 10
/** With a key, about as long as the line of a song. */
const FILLER = '.'.repeat(1_000)

interface Person {
  userId: string
  cookie: string
  listener: LineListener
}

/** From sending a write to its line at every other listener of the band, in milliseconds; one band writes after the other. */
export async function crowdTimes(options: CrowdOptions): Promise<number[]> {
  const bands = await makeBands(options)
  const crowds: Crowd[] = []
  try {
    for (const band of bands) crowds.push({ band, people: await gather(options, band) })
    return await counted(options.rounds, (round) => {
      const crowd = crowds[round % crowds.length]
      if (!crowd) throw new Error('there are no bands')
      return oneWrite(options.stack.url, crowd, round)
    })
  } finally {
    for (const { people } of crowds) for (const { listener } of people) listener.close()
  }
}

interface Crowd {
  band: Band
  people: Person[]
}

interface Band {
  id: string
  userIds: string[]
}

async function makeBands({ stack, prefix, bands, peoplePerBand }: CrowdOptions): Promise<Band[]> {
  const idOf = (kind: string, number: number) =>
    `${prefix.repeat(8)}-${kind.repeat(4)}-4000-8000-${String(number).padStart(12, '0')}`
  const made = Array.from({ length: bands }, (_, band) => ({
    id: idOf('b', band),
    userIds: Array.from({ length: peoplePerBand }, (__, person) => idOf('a', band * peoplePerBand + person)),
  }))
  const members = made.flatMap(({ id, userIds }) => userIds.map((user) => ({ id: newKey(), band: id, user })))
  const asJson = [JSON.stringify(members)]
  const given = `json_to_recordset($1) AS member(id uuid, band uuid, "user" uuid)`
  await asOwner(
    stack.database,
    `INSERT INTO users (id, email, name) SELECT "user", "user" || '@bench.test', 'One of many' FROM ${given}`,
    asJson,
  )
  await asOwner(stack.database, `INSERT INTO bands (id, name) SELECT DISTINCT band, 'A crowd' FROM ${given}`, asJson)
  await asOwner(
    stack.database,
    `INSERT INTO band_members (id, band_id, user_id, role, display_name) SELECT id, band, "user", 'owner', 'One of many' FROM ${given}`,
    asJson,
  )
  // As autovacuum does within a minute.
  await asOwner(stack.database, 'ANALYZE users, bands, band_members')
  return made
}

async function gather({ stack, cookieOf }: CrowdOptions, { id, userIds }: Band): Promise<Person[]> {
  const cookies = await Promise.all(userIds.map(cookieOf))
  const place = await presentOf(stack.url, id, cookies[0] ?? '')
  const shapes = [{ id: `songs/${id}`, entity: 'songs', scope: id, ...place }]
  return inTurns(userIds, async (userId, index) => {
    const cookie = cookies[index] ?? ''
    const body = JSON.stringify({ userId, shapes })
    return {
      userId,
      cookie,
      listener: await LineListener.open({ url: `${stack.url}/api/shapes/live`, headers: { cookie }, body }),
    }
  })
}

async function inTurns<From, To>(all: readonly From[], open: (one: From, index: number) => Promise<To>): Promise<To[]> {
  const opened: To[] = []
  for (let from = 0; from < all.length; from += OPENING) {
    opened.push(...(await Promise.all(all.slice(from, from + OPENING).map((one, index) => open(one, from + index)))))
  }
  return opened
}

interface Place {
  handle: string
  offset: string
}

/** Where the band's songs stand now. */
async function presentOf(url: string, band: string, cookie: string): Promise<Place> {
  let place: Place = { handle: '', offset: '-1' }
  for (;;) {
    const handle = place.handle === '' ? '' : `&handle=${place.handle}`
    const answer = await fetch(`${url}/api/shapes/songs?scope=${band}&offset=${place.offset}${handle}`, {
      headers: { cookie },
    })
    const [at, offset] = [answer.headers.get(ELECTRIC_HEADERS.handle), answer.headers.get(ELECTRIC_HEADERS.offset)]
    await answer.arrayBuffer()
    if (!at || !offset) throw new Error(`the shape answered ${answer.status}`)
    place = { handle: at, offset }
    if (answer.headers.has(ELECTRIC_HEADERS.upToDate)) return place
  }
}

async function oneWrite(url: string, { band, people }: Crowd, round: number): Promise<number[]> {
  const [writer, ...others] = people
  if (!writer) throw new Error('nobody writes')
  const key = newKey()
  const write = {
    id: newKey(),
    entity: 'songs',
    op: 'insert',
    key,
    values: { band_id: band.id, title: `Song ${round}` },
  }
  const body = JSON.stringify({ userId: writer.userId, clientId: writer.userId, writes: [write] })
  return timesUntilHeard(
    others.map(({ listener }) => listener),
    key,
    () => post(`${url}/api/writes`, body, { cookie: writer.cookie }),
  )
}

/** The times of so many rounds, after some that do not count. */
async function counted(rounds: number, run: (round: number) => Promise<number[]>): Promise<number[]> {
  for (let round = 0; round < WARM_UP; round++) await run(round)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) times.push(...(await run(WARM_UP + round)))
  return times
}

/** From saying it to hearing it, for each who listens, in milliseconds. */
async function timesUntilHeard(
  listeners: readonly LineListener[],
  text: string,
  say: () => Promise<void>,
): Promise<number[]> {
  const began = performance.now()
  const heard = listeners.map(async (listener) => {
    await listener.hears(text)
    return performance.now() - began
  })
  await say()
  return Promise.all(heard)
}

async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<void> {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
}

/**
 * The same from a bare HTTP server that writes a line to as many connections and does nothing else: what one process on this machine can
 * do at best. Its line is about as long as that of a song.
 */
export async function bareTimes({ people, rounds }: { people: number; rounds: number }): Promise<number[]> {
  const server = spawn(process.execPath, [await bundle('bench/sync/bare-lines.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const listeners: LineListener[] = []
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer]
    const url = `http://127.0.0.1:${port.toString('latin1').trim()}`
    const open = () => LineListener.open({ url: `${url}/live` })
    listeners.push(...(await inTurns(Array.from({ length: people - 1 }), open)))
    return await counted(rounds, () => {
      const key = newKey()
      return timesUntilHeard(listeners, key, () => post(`${url}/say`, `${key}${FILLER}\n`))
    })
  } finally {
    for (const listener of listeners) listener.close()
    server.kill()
  }
}
