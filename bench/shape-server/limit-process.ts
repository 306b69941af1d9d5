// The physical limit, as a process of its own: every change goes from pgoutput to WebSockets, without protocol, storage or filters.
// node <bundle> <database URL> <publication and slot>; the first line it prints is its port.
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import pg from 'pg'
import { copyOut } from '@/shape-server/postgres/copy-out'
import { decodePgoutput } from '@/shape-server/replication/pgoutput'
import { ReplicationConnection } from '@/shape-server/replication/connection'

const KEPT_LINES = 10_000
/** A log item of a sync service carries this much beside its row: key, operation, relation, transaction. */
const FILLER = `"key":"${'k'.repeat(44)}","headers":{"operation":"insert","txids":[123456],"relation":["public","bench_events"],"lsn":"1234567890","op_position":0,"last":true},`
const COPY_BYTES = 256 * 1024

const [databaseUrl = '', slot = ''] = process.argv.slice(2)
const everybody = new Set<WebSocket>()
/** Sockets that follow one value of the second column. */
const byKey = new Map<string, Set<WebSocket>>()
let kept: string[] = []

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
server.on('connection', (socket, request) => {
  const { searchParams, pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (pathname === '/kept') {
    socket.on('message', () => socket.send(`[${kept.slice(-KEPT_LINES).join(',')}]`))
    return socket.send('ready')
  }
  const key = searchParams.get('key')
  if (pathname === '/copy') {
    socket.on('message', () => void sendTable(socket))
    return socket.send('ready')
  }
  const group = key === null ? everybody : (byKey.get(key) ?? new Set<WebSocket>())
  if (key !== null) byKey.set(key, group)
  group.add(socket)
  socket.on('close', () => group.delete(socket))
  socket.send('ready')
})

let pending: { text: string; key: string }[] = []
const connection = await ReplicationConnection.open(
  { connectionString: databaseUrl },
  {
    onWal(bytes, at) {
      const message = decodePgoutput(bytes, at)
      if (message.kind === 'insert') pending.push({ text: JSON.stringify(message.new), key: message.new[1] ?? '' })
      if (message.kind !== 'commit' || pending.length === 0) return
      const batch = pending.map(({ text }) => text).join('\n')
      for (const socket of everybody) socket.send(batch)
      for (const { text, key } of pending) for (const socket of byKey.get(key) ?? []) socket.send(text)
      if (kept.length > 2 * KEPT_LINES) kept = kept.slice(-KEPT_LINES)
      for (const { text } of pending) kept.push(`{${FILLER}"row":${text}}`)
      pending = []
    },
    // Without an answer now and then Postgres ends the stream.
    onKeepalive: (endLsn) => connection.acknowledge(endLsn),
    onEnd: () => process.exit(0),
  },
)
/** A table as Postgres writes it, at the pace at which it is read. */
async function sendTable(socket: WebSocket): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  let rows: Buffer[] = []
  let size = 0
  await copyOut(client, 'COPY bench_wide TO STDOUT', (bytes, from, to) => {
    rows.push(Buffer.from(bytes.subarray(from, to)))
    size += to - from
    if (size < COPY_BYTES) return null
    const piece = Buffer.concat(rows)
    rows = []
    size = 0
    return new Promise((resolve) => socket.send(piece, () => resolve()))
  })
  socket.send(Buffer.concat(rows), () => socket.close())
  await client.end()
}

await connection.query(`DROP PUBLICATION IF EXISTS ${slot}`)
await connection.query(`CREATE PUBLICATION ${slot} FOR TABLE bench_events, bench_keyed`)
await connection.query(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`)
await connection.start(slot, slot)
process.stdout.write(`${String((server.address() as AddressInfo).port)}\n`)
// Whoever started it may be gone.
process.stdin.on('end', () => process.exit(0)).resume()
