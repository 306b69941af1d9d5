import net from 'node:net'
import type { AddressInfo } from 'node:net'
import { decodePgoutput } from '@/shape-server/replication/pgoutput'
import { ReplicationConnection } from '@/shape-server/replication/connection'

export interface Limit extends AsyncDisposable {
  port: number
  /** Sockets that get every change. */
  readers(): number
}

/** The physical limit: every change goes from pgoutput to every open socket, without protocol, storage or filters. */
export async function startLimit(databaseUrl: string, table: string): Promise<Limit> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  let pending: string[] = []
  const connection = await ReplicationConnection.open(
    { connectionString: databaseUrl },
    {
      onWal(bytes, at) {
        const message = decodePgoutput(bytes, at)
        if (message.kind === 'insert') pending.push(JSON.stringify(message.new))
        if (message.kind !== 'commit' || pending.length === 0) return
        const batch = Buffer.from(`${pending.join('\n')}\n`)
        pending = []
        for (const socket of sockets) socket.write(batch)
      },
      // Without an answer now and then Postgres ends the stream.
      onKeepalive: (endLsn) => connection.acknowledge(endLsn),
      onEnd: () => undefined,
    },
  )
  const slot = `bench_limit_${String(process.pid)}`
  await connection.query(`DROP PUBLICATION IF EXISTS ${slot}`)
  await connection.query(`CREATE PUBLICATION ${slot} FOR TABLE ${table}`)
  await connection.query(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`)
  await connection.start(slot, slot)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    readers: () => sockets.size,
    [Symbol.asyncDispose]() {
      connection.destroy()
      for (const socket of sockets) socket.destroy()
      server.close()
      return Promise.resolve()
    },
  }
}
