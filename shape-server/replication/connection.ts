import type { EventEmitter } from 'node:events'
import pg from 'pg'
import type { ClientConfig } from 'pg'
import { readWalsenderMessage } from './pgoutput'

// Postgres counts microseconds from its own epoch.
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1)

/** The part of pg's connection that replication needs. */
interface WireConnection extends EventEmitter {
  stream: { pause(): void; resume(): void; destroy(): void }
  sendCopyFromChunk(chunk: Buffer): void
}

export interface ReplicationHandlers {
  /** `bytes` from `payloadAt` are a pgoutput message, valid during the call only. */
  onWal(bytes: Buffer, payloadAt: number, endLsn: bigint): void
  onKeepalive(endLsn: bigint, replyRequested: boolean): void
  onEnd(error: Error): void
}

/** One walsender session: SQL first, then the stream. */
export class ReplicationConnection {
  private readonly client: pg.Client
  private hasEnded = false

  private constructor(
    config: ClientConfig,
    private readonly handlers: ReplicationHandlers,
  ) {
    this.client = new pg.Client({ ...config, replication: 'database' } as ClientConfig)
    this.client.on('error', (error) => this.end(error))
    this.client.on('end', () => this.end(new Error('the replication connection was closed')))
  }

  static async open(config: ClientConfig, handlers: ReplicationHandlers): Promise<ReplicationConnection> {
    const connection = new ReplicationConnection(config, handlers)
    await connection.client.connect()
    return connection
  }

  async query<T extends pg.QueryResultRow>(sql: string): Promise<T[]> {
    const result = await this.client.query<T>(sql)
    // Several statements at once answer with a list; the last one counts.
    const last: unknown = Array.isArray(result) ? (result as unknown[]).at(-1) : result
    return (last as pg.QueryResult<T>).rows
  }

  /** Starts the stream; resolves when the server has agreed. */
  start(slot: string, publication: string): Promise<void> {
    const wire = this.wire
    wire.on('copyData', (message: { chunk: Buffer }) => this.receive(message.chunk))
    return new Promise((resolve, reject) => {
      wire.once('copyBothResponse', () => resolve())
      wire.once('replicationStart', () => resolve())
      const statement = `START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names '${publication}')`
      this.client.query(statement).then(
        () => this.end(new Error('the server ended the replication stream')),
        (error: unknown) => {
          const failure = error instanceof Error ? error : new Error(String(error))
          reject(failure)
          this.end(failure)
        },
      )
    })
  }

  /** Tells the server that everything before `lsn` is stored. */
  acknowledge(lsn: bigint): void {
    if (this.hasEnded) return
    const message = Buffer.alloc(34)
    message.writeUInt8(0x72, 0) // r
    message.writeBigUInt64BE(lsn, 1)
    message.writeBigUInt64BE(lsn, 9)
    message.writeBigUInt64BE(lsn, 17)
    message.writeBigUInt64BE(BigInt(Date.now() - POSTGRES_EPOCH_MS) * 1000n, 25)
    this.wire.sendCopyFromChunk(message)
  }

  pause(): void {
    this.wire.stream.pause()
  }

  resume(): void {
    this.wire.stream.resume()
  }

  /** Cuts the connection; `onEnd` is not called. */
  destroy(): void {
    this.hasEnded = true
    this.wire.stream.destroy()
  }

  private get wire(): WireConnection {
    return (this.client as unknown as { connection: WireConnection }).connection
  }

  private receive(bytes: Buffer): void {
    if (this.hasEnded) return
    const message = readWalsenderMessage(bytes)
    if (message.kind === 'wal') this.handlers.onWal(bytes, message.payloadAt, message.endLsn)
    else this.handlers.onKeepalive(message.endLsn, message.replyRequested)
  }

  private end(error: Error): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.wire.stream.destroy()
    this.handlers.onEnd(error)
  }
}
