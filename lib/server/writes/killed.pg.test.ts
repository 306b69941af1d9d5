import { randomUUID } from 'node:crypto'
import { encode } from 'next-auth/jwt'
import pg from 'pg'
import { expect, test } from 'vitest'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import type { WireWrite, WriteResult } from '@/lib/protocol/writes'
import { startChild, type RunningChild } from '@/scripts/process/child'
import { testDatabase } from '@/scripts/test/postgres'

const AUTH_SECRET = 'killed-secret-killed-secret'
const ROUNDS = 4
const BATCHES = 6

interface DoorProcess {
  child: RunningChild
  url: string
}

async function startDoor(databaseUrl: string): Promise<DoorProcess> {
  let child: RunningChild | undefined
  const url = await new Promise<string>((resolve, reject) => {
    child = startChild({
      command: process.execPath,
      args: ['scripts/run.mjs', 'scripts/test/write-door-process.ts'],
      cwd: process.cwd(),
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        ELECTRIC_URL: 'http://127.0.0.1:9',
        AUTH_SECRET,
        WRITES_PER_SECOND: '1000000',
      },
      onLine: (line) => {
        if (line.startsWith('listening ')) resolve(line.slice('listening '.length))
      },
    })
    void child.exited.then((how) => reject(new Error(`the door ${how}`)))
  })
  if (!child) throw new Error('the door was not started')
  return { child, url }
}

/** Sends a batch; null when the door died before it answered. */
async function post(url: string, cookie: string, writes: readonly WireWrite[]): Promise<WriteResult[] | null> {
  const response = await fetch(`${url}/api/writes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify({ writes }),
  }).catch(() => null)
  if (!response) return null
  expect(response.status).toBe(200)
  return ((await response.json()) as { results: WriteResult[] }).results
}

test('a process killed at any moment loses no write and does none twice', async () => {
  await using db = await testDatabase({ seeded: true })
  const owner = new pg.Client(db.ownerUrl)
  await owner.connect()
  const { id } = SAMPLE_USERS.sarah
  const token = await encode({ token: { sub: id, session_version: 1 }, secret: AUTH_SECRET, maxAge: 3600 })
  const cookie = `next-auth.session-token=${token}`
  const all: WireWrite[][] = []
  let unanswered = 0
  for (let round = 0; round < ROUNDS; round++) {
    const { child, url } = await startDoor(db.appUrl)
    const batches = Array.from({ length: BATCHES }, () => batchOf(5))
    all.push(...batches)
    // It dies as soon as one of the batches is answered, while the others are under way.
    const answers = batches.map((writes) => post(url, cookie, writes))
    await Promise.race(answers)
    await child.stop(0)
    unanswered += (await Promise.all(answers)).filter((answer) => answer === null).length
  }
  expect(unanswered).toBeGreaterThan(0)

  const { child, url } = await startDoor(db.appUrl)
  for (const writes of all) {
    const results = await post(url, cookie, writes)
    expect(results?.map(({ status }) => status)).toEqual(writes.map(() => 'applied'))
  }
  await child.stop(0)
  const ids = all.flat().map((write) => write.id)
  const logged = await owner.query(
    `SELECT count(*)::int AS changes, count(DISTINCT write_id)::int AS writes FROM changes WHERE write_id = ANY ($1)`,
    [ids],
  )
  expect(logged.rows).toEqual([{ changes: ids.length, writes: ids.length }])
  await owner.end()
}, 300_000)

function batchOf(length: number): WireWrite[] {
  return Array.from({ length }, (_, n) => ({
    id: randomUUID(),
    entity: 'songs',
    op: 'insert',
    key: randomUUID(),
    values: { band_id: NIGHT_SHIFT, title: `Killed ${n}` },
  }))
}
