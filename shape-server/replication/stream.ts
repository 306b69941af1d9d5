import { clientConfig, SESSION_SETTINGS } from '../postgres/pool'
import type { Table } from '../postgres/table'
import type { Log } from '../log'
import { errorText } from '../log'
import { parsePgLsn } from '../shapes/lsn'
import type { Router } from '../shapes/router'
import type { StoredOrigin } from '../storage/journal'
import { ReplicationConnection } from './connection'
import { Feed, UnusableStreamError } from './feed'
import type { Relation } from './pgoutput'

/** `asleep` is for `/v1/health` as good as `active`: the next request ends it. */
export type StreamStatus = 'starting' | 'waiting' | 'active' | 'asleep'

export interface StreamOptions {
  databaseUrl: string
  caFile: string | null
  slot: string
  publication: string
  temporarySlot: boolean
  manualPublishing: boolean
  router: Router
  log: Log
  inspect: (oid: number) => Promise<Table | null>
  onRelation: (relation: Relation) => void
  /** Before the stream starts: where it comes from, and up to where Postgres was told that everything is stored. */
  onOrigin: (origin: StoredOrigin, confirmedLsn: bigint, isNewSlot: boolean) => Promise<void>
  /** The stream was applied and read up to here. */
  onPassed: (lsn: bigint) => void
  /** A transaction was applied, this long after Postgres committed it. */
  onApplied: (delayMs: number) => void
  /** Time without transactions and requests after which the database is left alone; null is never. */
  idleMs: number | null
  /** When somebody last asked for something; now, while somebody is asking. */
  lastRequestAt: () => number
  /** What is on disk, for the next acknowledgement. */
  durableLsn: () => bigint
  /** The slot cannot be used any more: every shape must go. */
  onBroken: (reason: string) => void
}

const RETRY_MIN_MS = 100
const RETRY_MAX_MS = 5000
const STATUS_MS = 10_000

interface SlotRow {
  confirmed_flush_lsn: string | null
  wal_status: string | null
}

/** Follows the database for as long as the service lives: connects, sets up slot and lock, streams, and begins again when cut. */
export class ReplicationStream {
  status: StreamStatus = 'starting'
  /** Why it is not active; null when it is. */
  trouble: string | null = null
  /** Stored generated columns are in the log (Postgres 18, when the publication says so). */
  publishesGenerated = false
  private connection: ReplicationConnection | null = null
  private feed: Feed | null = null
  private isStopped = false
  private isHeldBack = false
  private mustReplaceSlot = false
  private retryMs = RETRY_MIN_MS
  private retryTimer: NodeJS.Timeout | null = null
  private statusTimer: NodeJS.Timeout | null = null
  private idleTimer: NodeJS.Timeout | null = null
  private lastCommitAt = 0
  private readonly waiting = new Set<() => void>()

  constructor(private readonly options: StreamOptions) {}

  start(): void {
    this.connect().catch((error: unknown) => this.lost(error))
  }

  /** Resolves when the stream is active; wakes it when it is asleep. */
  active(): Promise<void> {
    return new Promise((resolve) => this.whenActive(resolve))
  }

  /** The same with a call, for who may not wait that long: the function returned takes it back. */
  whenActive(onActive: () => void): () => void {
    if (this.status === 'active') onActive()
    else this.waiting.add(onActive)
    if (this.status === 'asleep') {
      this.status = 'starting'
      this.start()
    }
    return () => this.waiting.delete(onActive)
  }

  stop(): void {
    this.isStopped = true
    if (this.retryTimer) clearTimeout(this.retryTimer)
    this.disconnect()
  }

  /** Tells Postgres how far everything is stored. */
  acknowledge(): void {
    if (this.status === 'active') this.connection?.acknowledge(this.options.durableLsn())
  }

  /** Holds the stream back (the disk refuses) or lets it go on. */
  holdBack(isHeldBack: boolean): void {
    this.isHeldBack = isHeldBack
    if (this.connection) this.setPaused(this.connection, isHeldBack)
  }

  private setPaused(connection: ReplicationConnection, isPaused: boolean): void {
    if (isPaused || this.isHeldBack) connection.pause()
    else connection.resume()
  }

  private async connect(): Promise<void> {
    const { options } = this
    const connection = await ReplicationConnection.open(clientConfig(options.databaseUrl, options.caFile), {
      onWal: (bytes, at, endLsn) => this.feed?.take(bytes, at, endLsn),
      onKeepalive: (endLsn, replyRequested) => this.keepalive(endLsn, replyRequested),
      onEnd: (error) => this.lost(error),
    })
    if (this.isStopped) return connection.destroy()
    this.connection = connection
    const identity = await connection.query<{ systemid: string; timeline: number; dbname: string }>('IDENTIFY_SYSTEM')
    await this.lock(connection)
    const publicationOid = await this.ensurePublication(connection)
    this.publishesGenerated = await publishesGenerated(connection, options.publication)
    const { confirmedLsn, isNew } = await this.ensureSlot(connection)
    await connection.query(SESSION_SETTINGS)
    const system = identity[0]
    await options.onOrigin(
      {
        systemIdentifier: system?.systemid ?? '',
        timeline: String(system?.timeline ?? ''),
        database: system?.dbname ?? '',
        slot: options.slot,
        publicationOid,
      },
      confirmedLsn,
      isNew,
    )
    // It was lost while tables were looked at, and another attempt may be under way: that one's feed must stay.
    if (this.connection !== connection) return connection.destroy()
    this.feed = new Feed({
      router: options.router,
      inspect: options.inspect,
      onCommit: (endLsn, committedAtMs) => {
        this.lastCommitAt = Date.now()
        options.onPassed(endLsn)
        options.onApplied(Math.max(0, this.lastCommitAt - committedAtMs))
      },
      onRelation: options.onRelation,
      onError: (error) => this.broken(error),
      onHold: (isHolding) => this.setPaused(connection, isHolding),
    })
    await connection.start(options.slot, options.publication)
    // It may be lost again already: then the next attempt is on its way.
    if (this.connection === connection) this.becomeActive(connection)
  }

  private becomeActive(connection: ReplicationConnection): void {
    this.status = 'active'
    this.trouble = null
    this.retryMs = RETRY_MIN_MS
    this.options.log.info('replication_active', { slot: this.options.slot })
    if (this.isHeldBack) connection.pause()
    this.statusTimer = setInterval(() => this.acknowledge(), STATUS_MS)
    const { idleMs } = this.options
    this.lastCommitAt = Date.now()
    if (idleMs !== null) this.idleTimer = setInterval(() => this.sleepWhenIdle(idleMs), idleMs / 4)
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const onActive of waiting) onActive()
  }

  /** Lets a database that scales to zero do so. What it writes meanwhile waits in the slot. */
  private sleepWhenIdle(idleMs: number): void {
    const idleSince = Math.max(this.lastCommitAt, this.options.lastRequestAt())
    if (Date.now() - idleSince < idleMs || this.options.router.isInTransaction || this.feed?.isHolding === true) return
    this.acknowledge()
    this.status = 'asleep'
    this.options.log.info('replication_asleep', { slot: this.options.slot })
    this.disconnect()
  }

  private disconnect(): void {
    this.connection?.destroy()
    this.connection = null
    this.feed?.stop()
    this.feed = null
    if (this.statusTimer) clearInterval(this.statusTimer)
    if (this.idleTimer) clearInterval(this.idleTimer)
    this.statusTimer = null
    this.idleTimer = null
  }

  /** One instance at a time follows a slot; the others wait here. */
  private async lock(connection: ReplicationConnection): Promise<void> {
    const name = `hashtext('${this.options.slot}')`
    const rows = await connection.query<{ locked: string | boolean }>(`SELECT pg_try_advisory_lock(${name}) AS locked`)
    if (rows[0]?.locked === true || rows[0]?.locked === 't') return
    this.status = 'waiting'
    this.options.log.info('waiting_for_lock', { slot: this.options.slot })
    await connection.query(`SELECT pg_advisory_lock(${name})`)
    this.status = 'starting'
  }

  private async ensurePublication(connection: ReplicationConnection): Promise<string> {
    const { publication, manualPublishing } = this.options
    const find = `SELECT oid::int8::text AS oid FROM pg_publication WHERE pubname = '${publication}'`
    const found = await connection.query<{ oid: string }>(find)
    if (found[0]) return found[0].oid
    if (manualPublishing) {
      throw new Error(
        `the publication "${publication}" does not exist and ELECTRIC_MANUAL_TABLE_PUBLISHING forbids to create it`,
      )
    }
    const version = await connection.query<{ version: string }>(
      "SELECT current_setting('server_version_num') AS version",
    )
    const generated = Number(version[0]?.version ?? 0) >= 180_000 ? ' WITH (publish_generated_columns = stored)' : ''
    await connection.query(`CREATE PUBLICATION "${publication}"${generated}`)
    return (await connection.query<{ oid: string }>(find))[0]?.oid ?? ''
  }

  private async ensureSlot(connection: ReplicationConnection): Promise<{ confirmedLsn: bigint; isNew: boolean }> {
    const { slot, temporarySlot } = this.options
    const found = await connection.query<SlotRow>(
      `SELECT confirmed_flush_lsn, wal_status FROM pg_replication_slots WHERE slot_name = '${slot}'`,
    )
    if (found[0] && (found[0].wal_status === 'lost' || this.mustReplaceSlot)) {
      this.options.log.warning('slot_replaced', { slot, walStatus: found[0].wal_status })
      await connection.query(`DROP_REPLICATION_SLOT "${slot}"`)
      this.mustReplaceSlot = false
    } else if (found[0]?.confirmed_flush_lsn) {
      return { confirmedLsn: parsePgLsn(found[0].confirmed_flush_lsn), isNew: false }
    }
    const created = await connection.query<{ consistent_point: string }>(
      `CREATE_REPLICATION_SLOT "${slot}"${temporarySlot ? ' TEMPORARY' : ''} LOGICAL pgoutput NOEXPORT_SNAPSHOT`,
    )
    return { confirmedLsn: parsePgLsn(created[0]?.consistent_point ?? '0/0'), isNew: true }
  }

  private keepalive(endLsn: bigint, replyRequested: boolean): void {
    // Between transactions the server's position is ours: nothing of what lies before it is missing.
    if (!this.options.router.isInTransaction && this.feed?.isHolding === false) this.options.onPassed(endLsn)
    if (replyRequested) this.acknowledge()
  }

  /** The stream cannot be turned into messages: its slot is dropped and everything begins anew. */
  private broken(error: unknown): void {
    if (error instanceof UnusableStreamError) {
      this.mustReplaceSlot = true
      this.options.onBroken(errorText(error))
    }
    this.connection?.destroy()
    this.lost(error)
  }

  private lost(error: unknown): void {
    this.disconnect()
    if (this.isStopped || this.retryTimer || this.status === 'asleep') return
    this.status = 'starting'
    this.trouble = errorText(error)
    this.options.log.warning('replication_lost', { message: this.trouble, retryMs: this.retryMs })
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null
      this.start()
    }, this.retryMs)
    this.retryMs = Math.min(this.retryMs * 2, RETRY_MAX_MS)
  }
}

async function publishesGenerated(connection: ReplicationConnection, publication: string): Promise<boolean> {
  // Through JSON, because the column does not exist before Postgres 18.
  const rows = await connection.query<{ generated: string | null }>(
    `SELECT to_jsonb(p)->>'pubgencols' AS generated FROM pg_publication p WHERE pubname = '${publication}'`,
  )
  return rows[0]?.generated === 's'
}
