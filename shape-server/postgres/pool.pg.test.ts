import { once } from 'node:events'
import net from 'node:net'
import { expect, test } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import { createPool } from './pool'

test('a lent connection that is cut fails what it runs, or the next statement, and nothing else', async () => {
  await using db = await testDatabase()
  await using wire = await openWire(db.superuserUrl)
  const pool = createPool(wire.url, null, 2)
  const [running, resting] = [await pool.connect(), await pool.connect()]
  const query = running.query('SELECT pg_sleep(60)')
  query.catch(() => undefined)
  // Not `once`: it would listen to errors as well.
  const ended = [running, resting].map((client) => new Promise<void>((resolve) => client.once('end', resolve)))
  wire.cut()
  await expect(query).rejects.toThrow()
  await Promise.all(ended)
  await expect(resting.query('SELECT 1')).rejects.toThrow()
  for (const client of [running, resting]) client.release(true)
  expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await pool.end()
})

/** A way to the database that can be cut, as networks are: without a word from Postgres. */
async function openWire(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    const upstream = net.connect(Number(target.port), target.hostname)
    for (const [end, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(end)
      end.pipe(other)
      end.on('error', () => other.destroy())
      end.on('close', () => other.destroy())
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = new URL(databaseUrl)
  url.port = String((server.address() as net.AddressInfo).port)
  url.hostname = '127.0.0.1'
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
    sockets.clear()
  }
  return {
    url: url.toString(),
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
