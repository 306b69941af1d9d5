import { request, type IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import { newKey } from '@/lib/entity/keys'
import { HEARTBEAT_MS } from '@/lib/protocol/live'
import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { asOwner } from '@/scripts/test/as-owner'
import type { Stack } from '@/scripts/test/stack'

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

interface Listener {
  userId: string
  cookie: string
  stream: IncomingMessage
  /** Calls back when this row's line arrived. */
  awaited: { key: string; arrived: () => void } | null
}

/** From sending a write to its line at every other listener of the band, in milliseconds; one band writes after the other. */
export async function crowdTimes(options: CrowdOptions): Promise<number[]> {
  const bands = await makeBands(options)
  const listeners = new Map<string, Listener[]>()
  try {
    for (const band of bands) listeners.set(band.id, await listenTo(options, band))
    const times: number[] = []
    for (let round = 0; round < options.rounds; round++) {
      const band = bands[round % bands.length]
      const present = band && listeners.get(band.id)
      if (!band || !present) throw new Error('a band has nobody')
      times.push(...(await oneWrite(options.stack.url, band.id, present, round)))
    }
    return times
  } finally {
    for (const each of listeners.values()) for (const { stream } of each) stream.destroy()
  }
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
  return made
}

async function listenTo({ stack, cookieOf }: CrowdOptions, { id, userIds }: Band): Promise<Listener[]> {
  const cookies = await Promise.all(userIds.map(cookieOf))
  const place = await presentOf(stack.url, id, cookies[0] ?? '')
  const listeners: Listener[] = []
  for (let from = 0; from < userIds.length; from += OPENING) {
    const some = userIds.slice(from, from + OPENING)
    listeners.push(
      ...(await Promise.all(
        some.map((userId, index) => listen(stack.url, id, place, userId, cookies[from + index] ?? '')),
      )),
    )
  }
  return listeners
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

/** A live stream of the band's songs that has said its first word. */
function listen(url: string, band: string, place: Place, userId: string, cookie: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const shapes = [{ id: `songs/${band}`, entity: 'songs', scope: band, ...place }]
    const asked = request(
      `${url}/api/shapes/live`,
      { method: 'POST', headers: { 'content-type': 'application/json', cookie } },
      (stream) => {
        if (stream.statusCode !== 200) return reject(new Error(`the live door answered ${stream.statusCode}`))
        const listener: Listener = { userId, cookie, stream, awaited: null }
        stream.setEncoding('utf8')
        stream.once('data', () => resolve(listener))
        stream.on('data', (text: string) => {
          const { awaited } = listener
          if (awaited && text.includes(awaited.key)) awaited.arrived()
        })
        stream.on('error', () => undefined)
      },
    )
    asked.on('error', reject)
    asked.end(JSON.stringify({ userId, shapes }))
  })
}

async function oneWrite(url: string, band: string, people: readonly Listener[], round: number): Promise<number[]> {
  const [writer, ...others] = people
  if (!writer) throw new Error('nobody writes')
  const key = newKey()
  const began = performance.now()
  const arrivals = others.map(
    (listener) =>
      new Promise<number>((resolve, reject) => {
        const lost = setTimeout(() => reject(new Error('a line did not come')), 2 * HEARTBEAT_MS)
        listener.awaited = {
          key,
          arrived: () => {
            listener.awaited = null
            clearTimeout(lost)
            resolve(performance.now() - began)
          },
        }
      }),
  )
  const write = { id: newKey(), entity: 'songs', op: 'insert', key, values: { band_id: band, title: `Song ${round}` } }
  const answer = await fetch(`${url}/api/writes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: writer.cookie },
    body: JSON.stringify({ userId: writer.userId, clientId: writer.userId, writes: [write] }),
  })
  if (!answer.ok) throw new Error(`the write door answered ${answer.status}`)
  return Promise.all(arrivals)
}
