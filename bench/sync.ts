import { performance } from 'node:perf_hooks'
import 'fake-indexeddb/auto'
import { encode } from 'next-auth/jwt'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import { entities } from '@/entities'
import { NOTHING_LAID, overlayRows } from '@/lib/sync/overlay/overlay'
import { BAND_ID, songRow, updateEntry, uuidOf } from '@/lib/sync/testkit/builders'
import { FakeDevice, type FakeTab } from '@/lib/sync/testkit/fake-device'
import { realClock } from '@/lib/sync/testkit/real-clock'
import { watch } from '@/lib/sync/testkit/scene'
import type { ShapeName } from '@/lib/sync/types'
import { startStack, type Stack } from '@/scripts/test/stack'

/**
 * The sync layer's numbers of the contract that can be reached without a browser: headless devices (the real layer, its storage in
 * memory) against the production build, the real sync service and PostgreSQL, permissions on. Each stands beside its limit.
 */
const SONGS: ShapeName = { entity: 'songs', scope: NIGHT_SHIFT }
const DEVICES = 10
const ROUNDS = 100
const QUEUE = 1_000
const ROWS = 10_000
const AUTH_SECRET = 'bench-secret-bench-secret-bench-secret'

interface Line {
  what: string
  measured: number
  limit: number
}

export default async function run(): Promise<void> {
  const lines: Line[] = [paintAfterWrite()]
  await using stack = await startStack({ settings: { AUTH_SECRET, WRITES_PER_SECOND: '1000000' } })
  const devices = await Promise.all(Array.from({ length: DEVICES }, (_, index) => openDevice(stack, index)))
  try {
    lines.push(...(await screenToScreen(devices)))
    lines.push(await drain(devices))
  } finally {
    for (const { tab } of devices) await tab.sync.close()
  }
  for (const { what, measured, limit } of lines) {
    console.log(
      `${what.padEnd(64)} ${measured.toFixed(1).padStart(9)} ms   limit ${limit} ms${measured < limit ? '' : '   MISSED'}`,
    )
  }
}

/** Laying one write over 10,000 rows: what stands between a keystroke and React. */
function paintAfterWrite(): Line {
  const rows = new Map(Array.from({ length: ROWS }, (_, index) => [uuidOf(index), songRow(uuidOf(index))]))
  const target = { entity: entities.songs, scope: BAND_ID, rows, seen: { txids: new Set<number>(), snapshot: null } }
  const author = { actor: { user_id: uuidOf(1), name: null, avatar_url: null }, clientId: null }
  const times = Array.from({ length: 50 }, (_, index) => {
    const entry = updateEntry(1, uuidOf(index), { title: 'B' }, { title: 'Wonderwall' })
    const began = performance.now()
    overlayRows(target, [entry], author, NOTHING_LAID)
    return performance.now() - began
  })
  return { what: `a write laid over ${ROWS} rows, p99`, measured: percentile(times, 0.99), limit: 10 }
}

interface Device {
  device: FakeDevice
  tab: FakeTab
}

async function openDevice(stack: Stack, index: number): Promise<Device> {
  const person = index % 2 === 0 ? SAMPLE_USERS.sarah : SAMPLE_USERS.alex
  const cookie = await cookieOf(person.id)
  const signedIn: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('cookie', cookie)
    return fetch(input, { ...init, headers })
  }
  const device = new FakeDevice(person.id, realClock, signedIn, { origin: stack.url })
  const tab = device.open()
  const { view } = watch(tab, SONGS)
  await until(() => view().status === 'ready' && tab.sync.connection.read().kind === 'live')
  return { device, tab }
}

/** One device writes, every other shows it: from the write to the view's change. */
async function screenToScreen(devices: readonly Device[]): Promise<Line[]> {
  const [writer, ...others] = devices
  if (!writer) throw new Error('no device')
  const times: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    const made = writer.tab.sync.write('songs', {
      op: 'insert',
      values: { band_id: NIGHT_SHIFT, title: `Bench ${round}` },
    })
    await Promise.all(others.map(async ({ tab }) => times.push((await shownAt(tab, made.key)) - began)))
  }
  return [
    { what: `write on one screen to the other ${others.length}, p50`, measured: percentile(times, 0.5), limit: 30 },
    { what: `write on one screen to the other ${others.length}, p99`, measured: percentile(times, 0.99), limit: 100 },
  ]
}

/** 1,000 writes made without a network, from its return until none is unsent. */
async function drain([first]: readonly Device[]): Promise<Line> {
  if (!first) throw new Error('no device')
  const { device, tab } = first
  device.disconnect()
  const made = Array.from({ length: QUEUE }, (_, index) =>
    tab.sync.write('songs', { op: 'insert', values: { band_id: NIGHT_SHIFT, title: `Queued ${index}` } }),
  )
  await Promise.all(made.map(({ stored }) => stored))
  const began = performance.now()
  device.connect()
  await until(() => tab.sync.connection.read().unsentCount === 0)
  return { what: `${QUEUE} queued writes after reconnect`, measured: performance.now() - began, limit: 1_000 }
}

async function cookieOf(userId: string): Promise<string> {
  const token = await encode({ token: { sub: userId, session_version: 1 }, secret: AUTH_SECRET, maxAge: 3600 })
  return `next-auth.session-token=${token}`
}

function shownAt(tab: FakeTab, key: string): Promise<number> {
  return new Promise((resolve) => {
    const source = tab.sync.shape(SONGS)
    const look = () => {
      if (!source.read().rows.has(key)) return
      stop()
      resolve(performance.now())
    }
    const stop = source.subscribe(look)
    look()
  })
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > end) throw new Error('a device did not get ready in a minute')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

function percentile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
