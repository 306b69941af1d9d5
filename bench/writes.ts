import { randomUUID } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import pg from 'pg'
import { encode } from 'next-auth/jwt'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import type { WireWrite, WritesResponse } from '@/lib/protocol/writes'
import { throwawayCluster } from '@/scripts/test/cluster'
import { createTestDatabase, type TestDatabase } from '@/scripts/test/database'
import { serveWriteDoor } from '@/scripts/test/write-door'

/**
 * The write door, over HTTP on a real PostgreSQL, beside bare transactions on the same database: what sending one's queue costs, and what
 * many people writing at once costs. Limits: 1,000 writes of one client in under a second; 50 clients without deadlock or lost update.
 */
export interface WritesBench {
  /** Milliseconds for 1,000 queued writes of one client, in two batches. */
  queueMs: number
  /** Milliseconds for the same rows as 1,000 bare transactions on one connection. */
  bareQueueMs: number
  /** 50 clients: writes a second through the door, and as bare transactions over as many connections as the door has. */
  crowdPerSecond: number
  bareCrowdPerSecond: number
  /** Milliseconds for one write of the crowd. */
  crowdP50Ms: number
  crowdP99Ms: number
}

const QUEUE = 1_000
const BATCH = 500
const CLIENTS = 50
const WRITES_PER_CLIENT = 40
/** As many of each client are not counted: connections, sessions and statements are made once, code is compiled once it is hot. */
const WARM_UP_PER_CLIENT = 10
const SHARED_SONGS = 20
const POOL = 10
const AUTH_SECRET = 'bench-secret-bench-secret'

/** Runs it and prints what it found. Throws when a limit is broken. */
export default async function run(): Promise<WritesBench> {
  await using cluster = await throwawayCluster()
  await using db = await createTestDatabase(cluster.superuserUrl(), { seeded: true })
  Object.assign(process.env, {
    DATABASE_URL: db.appUrl,
    AUTH_SECRET,
    ELECTRIC_URL: 'http://127.0.0.1:9',
    WRITES_PER_SECOND: '1000000',
  })
  await using door = await serveWriteDoor()
  // The first request of each kind compiles and connects.
  await sendQueue(door.url, 50)
  const queueMs = await best(3, () => sendQueue(door.url, QUEUE))
  const bareQueueMs = await best(3, () => bareQueue(db, QUEUE))
  const crowd = await sendAsCrowd(db, door.url)
  const bareCrowdPerSecond = await bareCrowd(db, crowd)
  const result = { queueMs, bareQueueMs, bareCrowdPerSecond, ...crowd.measured }
  print(result)
  if (queueMs >= 1_000) throw new Error(`1,000 queued writes took ${Math.round(queueMs)} ms, the limit is 1,000`)
  return result
}

function print(r: WritesBench): void {
  const ms = (value: number) => `${value.toFixed(1)} ms`
  const ratio = (value: number) => `${value.toFixed(2)}x`
  console.log(`1,000 writes of one client      ${ms(r.queueMs)} (limit 1000 ms)`)
  console.log(
    `  as 1,000 bare transactions    ${ms(r.bareQueueMs)}; the door takes ${ratio(r.queueMs / r.bareQueueMs)} of that`,
  )
  console.log(
    `50 clients, one write a request ${r.crowdPerSecond.toFixed(0)}/s, p50 ${ms(r.crowdP50Ms)}, p99 ${ms(r.crowdP99Ms)}`,
  )
  console.log(
    `  as bare transactions          ${r.bareCrowdPerSecond.toFixed(0)}/s; the door reaches ${ratio(r.crowdPerSecond / r.bareCrowdPerSecond)} of that`,
  )
}

async function best(times: number, measure: () => Promise<number>): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < times; n++) least = Math.min(least, await measure())
  return least
}

async function cookieOf(userId: string): Promise<string> {
  const token = await encode({ token: { sub: userId, session_version: 1 }, secret: AUTH_SECRET, maxAge: 3600 })
  return `next-auth.session-token=${token}`
}

async function post(url: string, cookie: string, writes: WireWrite[]): Promise<WritesResponse['results']> {
  const response = await fetch(`${url}/api/writes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ writes }),
  })
  if (response.status !== 200) throw new Error(`the door answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as WritesResponse).results
}

/** A day offline: songs added, then edited, a chat, a setlist that grows. Every fifth write is an update. */
function queueOf(length: number): WireWrite[] {
  const keys: string[] = []
  return Array.from({ length }, (_, n): WireWrite => {
    const id = randomUUID()
    const key = keys[n - 4]
    if (n % 5 === 4 && key !== undefined) {
      return { id, entity: 'songs', op: 'update', key, patch: { artist: `Artist ${n}` }, base: { artist: null } }
    }
    const fresh = randomUUID()
    keys[n] = fresh
    return {
      id,
      entity: 'songs',
      op: 'insert',
      key: fresh,
      values: { band_id: NIGHT_SHIFT, title: `Song ${n}`, tags: ['bench'] },
    }
  })
}

async function sendQueue(url: string, length: number): Promise<number> {
  const cookie = await cookieOf(SAMPLE_USERS.sarah.id)
  const queue = queueOf(length)
  const start = performance.now()
  for (let at = 0; at < queue.length; at += BATCH) {
    const results = await post(url, cookie, queue.slice(at, at + BATCH))
    const bad = results.find((result) => result.status !== 'applied')
    if (bad) throw new Error(`a write was not applied: ${JSON.stringify(bad)}`)
  }
  return performance.now() - start
}

/** The least a write can be: a transaction under row-level security with the row and its history, on a connection that is open. */
const BARE_INSERT = `INSERT INTO songs (id, band_id, title, tags) VALUES ($1, $2, $3, '{bench}')`
const BARE_UPDATE = `UPDATE songs SET artist = $2 WHERE id = $1`
const BARE_CHANGE = `INSERT INTO changes (id, scope_id, entity, entity_id, op, fields) VALUES ($1, $2, 'songs', $3, $4, '{title}')`

async function bareWrite(client: pg.ClientBase, userId: string, write: WireWrite): Promise<void> {
  await client.query('BEGIN')
  await client.query(`SELECT set_config('app.user_id', $1, true)`, [userId])
  if (write.op === 'insert') await client.query(BARE_INSERT, [write.key, NIGHT_SHIFT, write.values['title']])
  if (write.op === 'update') await client.query(BARE_UPDATE, [write.key, write.patch['artist']])
  await client.query(BARE_CHANGE, [randomUUID(), NIGHT_SHIFT, write.key, write.op])
  await client.query('COMMIT')
}

async function bareQueue(db: TestDatabase, length: number): Promise<number> {
  const client = new pg.Client(db.appUrl)
  await client.connect()
  const queue = queueOf(length)
  const start = performance.now()
  for (const write of queue) await bareWrite(client, SAMPLE_USERS.sarah.id, write)
  const elapsed = performance.now() - start
  await client.end()
  return elapsed
}

interface Crowd {
  people: string[]
  songs: string[]
  measured: Pick<WritesBench, 'crowdPerSecond' | 'crowdP50Ms' | 'crowdP99Ms'>
}

/** Fifty members of one band edit twenty songs, each with one request after the other. */
async function sendAsCrowd(db: TestDatabase, url: string): Promise<Crowd> {
  const owner = new pg.Client(db.ownerUrl)
  await owner.connect()
  const people = Array.from({ length: CLIENTS }, () => randomUUID())
  const songs = Array.from({ length: SHARED_SONGS }, () => randomUUID())
  await owner.query(`INSERT INTO users (id, email) SELECT id, id || '@bench.test' FROM unnest($1::uuid[]) id`, [people])
  await owner.query(
    `INSERT INTO band_members (id, band_id, user_id, role) SELECT gen_random_uuid(), $1, id, 'collaborator' FROM unnest($2::uuid[]) id`,
    [NIGHT_SHIFT, people],
  )
  await owner.query(`INSERT INTO songs (id, band_id, title) SELECT id, $1, 'Shared' FROM unnest($2::uuid[]) id`, [
    NIGHT_SHIFT,
    songs,
  ])
  const cookies = await Promise.all(people.map(cookieOf))
  const edit = async (times: number) => {
    const each = await Promise.all(cookies.map((cookie, index) => editAsOne(url, cookie, { index, songs, times })))
    return each.flat()
  }
  await edit(WARM_UP_PER_CLIENT)
  const start = performance.now()
  const latencies = await edit(WRITES_PER_CLIENT)
  const seconds = (performance.now() - start) / 1000
  const { rows } = await owner.query<{ counted: string }>(
    `SELECT sum(version - 1) AS counted FROM songs WHERE id = ANY ($1)`,
    [songs],
  )
  await owner.end()
  const expected = CLIENTS * (WARM_UP_PER_CLIENT + WRITES_PER_CLIENT)
  if (Number(rows[0]?.counted) !== expected)
    throw new Error(`${rows[0]?.counted} of ${expected} updates are there: updates were lost`)
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0
  const crowdPerSecond = latencies.length / seconds
  return { people, songs, measured: { crowdPerSecond, crowdP50Ms: at(0.5), crowdP99Ms: at(0.99) } }
}

/** Gives the milliseconds of each write. */
async function editAsOne(
  url: string,
  cookie: string,
  { index, songs, times }: { index: number; songs: readonly string[]; times: number },
): Promise<number[]> {
  const latencies: number[] = []
  for (let n = 0; n < times; n++) {
    const key = songs[(index * 7 + n) % songs.length] ?? ''
    const start = performance.now()
    const [result] = await post(url, cookie, [
      { id: randomUUID(), entity: 'songs', op: 'update', key, patch: { artist: `${index} ${randomUUID()}` } },
    ])
    latencies.push(performance.now() - start)
    if (result?.status !== 'applied') throw new Error(`a write was not applied: ${JSON.stringify(result)}`)
  }
  return latencies
}

async function bareCrowd(db: TestDatabase, { people, songs }: Crowd): Promise<number> {
  const pool = new pg.Pool({ connectionString: db.appUrl, max: POOL })
  const start = performance.now()
  await Promise.all(
    people.map(async (person, index) => {
      for (let n = 0; n < WRITES_PER_CLIENT; n++) {
        const client = await pool.connect()
        const key = songs[(index * 7 + n) % songs.length] ?? ''
        await bareWrite(client, person, {
          id: '',
          entity: 'songs',
          op: 'update',
          key,
          patch: { artist: `${index} bare ${n}` },
        })
        client.release()
      }
    }),
  )
  const perSecond = (people.length * WRITES_PER_CLIENT) / ((performance.now() - start) / 1000)
  await pool.end()
  return perSecond
}
