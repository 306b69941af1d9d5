import type pg from 'pg'
import type { ShapeServerConfig } from './config'
import type { Log } from './log'
import { errorText } from './log'
import { Histogram, RequestMetrics } from './http/counters'
import { inspectTableByOid } from './postgres/inspect'
import { createPool } from './postgres/pool'
import { TableCache } from './postgres/table-cache'
import type { Relation } from './replication/pgoutput'
import { ReplicationStream } from './replication/stream'
import { Housekeeping } from './shapes/housekeeping'
import { ShapeRegistry } from './shapes/registry'
import { Router } from './shapes/router'
import type { BlobStore } from './storage/blob'
import { openBlobs } from './storage/blob'
import { Flusher } from './storage/flusher'
import { Journal } from './storage/journal'
import { loadGrammar } from './where/parse'
import type { StoredOrigin } from './storage/journal'

/** Where shapes are kept. */
export type OpenStore = (storage: ShapeServerConfig['storage']) => BlobStore

/** Everything behind the HTTP doors: shapes, their storage, and the stream that feeds them. */
export class Service {
  readonly pool: pg.Pool
  readonly tables: TableCache
  readonly registry: ShapeRegistry
  readonly router: Router
  readonly stream: ReplicationStream
  readonly flusher: Flusher
  readonly requests = new RequestMetrics()
  readonly replicationDelays = new Histogram()
  readonly slot: string
  readonly housekeeping: Housekeeping
  private readonly blobs: BlobStore
  private readonly journal: Journal

  constructor(
    readonly config: ShapeServerConfig,
    readonly log: Log,
    openStore: OpenStore = (storage) => openBlobs(storage),
  ) {
    this.pool = createPool(config.pooledDatabaseUrl, config.databaseCaFile, config.poolSize)
    this.tables = new TableCache(this.pool, (relation, table) => this.registry.checkTable(relation, table))
    this.blobs = openStore(config.storage)
    this.journal = new Journal(this.blobs.open('journal'))
    const slot = (this.slot = `electric_slot_${config.streamId}${config.randomSlotName ? `_${randomSuffix()}` : ''}`)
    const publication = `electric_publication_${config.streamId}`
    this.flusher = new Flusher({
      journal: this.journal,
      log,
      onDurable: () => this.stream.acknowledge(),
      onPressure: (isUnderPressure) => this.stream.holdBack(isUnderPressure),
    })
    this.router = new Router({
      onRotate: (shape, reason) => this.registry.remove(shape, reason),
      onChanged: (shapes) => this.flusher.changed(shapes),
    })
    this.registry = new ShapeRegistry(
      {
        pool: this.pool,
        blobs: this.blobs,
        journal: this.journal,
        tables: this.tables,
        log,
        publication,
        manualPublishing: config.manualPublishing,
        chunkBytes: config.chunkBytes,
      },
      this.router,
      this.flusher,
    )
    this.housekeeping = new Housekeeping({
      registry: this.registry,
      router: this.router,
      tables: this.tables,
      log,
      maxShapes: config.maxShapes,
      maxStorageBytes: config.maxStorageBytes,
      compactLogBytes: config.compactLogBytes,
      sweepMs: config.sweepMs,
      isAble: () => this.stream.status === 'active' && this.flusher.failure === null,
    })
    this.stream = new ReplicationStream({
      databaseUrl: config.databaseUrl,
      caFile: config.databaseCaFile,
      slot,
      publication,
      temporarySlot: config.temporarySlot,
      manualPublishing: config.manualPublishing,
      router: this.router,
      log,
      inspect: (oid) => inspectTableByOid(this.pool, oid),
      onRelation: (relation) => this.lookAgain(relation),
      onOrigin: (origin, confirmedLsn, isNewSlot) => this.checkOrigin(origin, confirmedLsn, isNewSlot),
      onPassed: (lsn) => this.flusher.passed(lsn),
      onApplied: (delayMs) => this.replicationDelays.record(delayMs),
      idleMs: config.replicationIdleMs,
      lastRequestAt: () => this.requests.lastAt,
      durableLsn: () => this.flusher.durableLsn,
      onBroken: (reason) => this.registry.removeAll(reason),
    })
  }

  /** Takes up what is stored and begins to follow the database. */
  async start(): Promise<void> {
    this.journal.recover()
    if ([...this.journal.shapes.values()].some((shape) => shape.where !== null)) await loadGrammar()
    this.registry.restore()
    this.housekeeping.start()
    this.stream.start()
  }

  async stop(): Promise<void> {
    this.housekeeping.stop()
    this.stream.stop()
    await this.flusher.stop()
    await this.pool.end()
    this.blobs.close()
  }

  /** A table was altered, or is met for the first time: what is known of it may be old. */
  private lookAgain(relation: Relation): void {
    this.tables.expire(relation)
    if (!this.router.follows([relation.oid])) return
    this.tables.refresh(relation).catch((error: unknown) => {
      this.log.warning('table_not_read', { table: relation.name, message: errorText(error) })
    })
  }

  /** Shapes go on only where the log can have no gap. */
  private async checkOrigin(origin: StoredOrigin, confirmedLsn: bigint, isNewSlot: boolean): Promise<void> {
    const before = this.journal.origin
    const isSame = before !== null && JSON.stringify(before) === JSON.stringify(origin)
    if (isNewSlot) this.registry.removeAll('the replication slot is new')
    else if (!isSame) this.registry.removeAll('the database, slot or publication is another one')
    else if (confirmedLsn > this.journal.acknowledged) this.registry.removeAll('somebody else has read the slot')
    if (!isSame) this.journal.write({ kind: 'origin', origin })
    this.journal.write({ kind: 'acknowledged', lsn: confirmedLsn.toString() })
    this.flusher.reset(confirmedLsn)
    if (this.router.lastSeenLsn < confirmedLsn) this.router.lastSeenLsn = confirmedLsn
    // Tables may have changed while nobody looked.
    await this.housekeeping.reconcile()
  }
}

function randomSuffix(): string {
  return crypto.randomUUID().slice(0, 8)
}
