import type pg from 'pg'
import type { Log } from '../log'
import { errorText } from '../log'
import type { RelationName } from '../postgres/identifiers'
import type { Table } from '../postgres/table'
import type { TableCache } from '../postgres/table-cache'
import { ensurePublished } from '../replication/publication'
import type { BlobStore } from '../storage/blob'
import type { Flusher } from '../storage/flusher'
import type { Journal } from '../storage/journal'
import { ShapeLog } from '../storage/shape-log'
import { SnapshotLog } from '../storage/snapshot-log'
import { disagreementWith } from './agreement'
import { definitionIdentity, newHandle } from './definition'
import type { ShapeDefinition } from './definition'
import { Encoders } from './encoders'
import type { Router } from './router'
import { Shape, StaleSnapshotError } from './shape'
import { takeSnapshot } from './snapshot'
import { restoreDefinition, storeShape, tableId } from './stored-definition'

export interface RegistryOptions {
  pool: pg.Pool
  blobs: BlobStore
  journal: Journal
  tables: TableCache
  log: Log
  publication: string
  manualPublishing: boolean
  chunkBytes: number
}

/** Of all shapes that were taken up again. */
const STARTED = Promise.resolve()

/** All shapes: found by definition or handle, made on first request, taken up again after a restart. */
export class ShapeRegistry {
  readonly byHandle = new Map<string, Shape>()
  private readonly byIdentity = new Map<string, Shape>()
  /** For definitions that were renewed, the life before the present one. */
  private readonly previous = new Map<string, Shape>()
  /** How many shapes were given another life. */
  renewalCount = 0
  private readonly encoders = new Encoders()
  private lastMicros = 0n

  constructor(
    private readonly options: RegistryOptions,
    private readonly router: Router,
    private readonly flusher: Flusher,
  ) {}

  find(definition: ShapeDefinition): Shape | null {
    return this.byIdentity.get(definitionIdentity(definition)) ?? null
  }

  /** The shape of a definition; begins to make it when there is none. A reader with a handle keeps to its life while that lasts. */
  open(definition: ShapeDefinition, handle: string | null = null): Shape {
    const identity = definitionIdentity(definition)
    const own = handle === null ? undefined : this.byHandle.get(handle)
    if (own?.identity === identity) return own
    const known = this.byIdentity.get(identity)
    if (known) return known
    const { shape } = this.begin(definition, identity)
    this.byIdentity.set(identity, shape)
    return shape
  }

  /** All lives of a shape's definition. */
  livesOf(shape: Shape): Shape[] {
    const lives = [this.byIdentity.get(shape.identity), this.previous.get(shape.identity)]
    return lives.filter((life) => life !== undefined)
  }

  /**
   * Gives a definition another life: a snapshot of now in place of a long log. Who reads the present life goes on with it, whoever begins
   * anew gets the new one as soon as it is on record. The life before the present one ends. False when nothing came of it.
   */
  async renew(shape: Shape): Promise<boolean> {
    const { identity } = shape
    const { shape: next, made } = this.begin(shape.definition, identity)
    await made
    if (next.isRemoved) return false
    if (this.byIdentity.get(identity) !== shape) {
      this.remove(next, 'the definition was given up meanwhile')
      return false
    }
    this.replace(shape, next)
    this.renewalCount++
    this.options.log.info('shape_renewed', { handle: shape.handle, by: next.handle, logBytes: shape.log.bytes })
    return true
  }

  /** Ends a shape: readers are told, storage is given back, the handle is never used again. */
  remove(shape: Shape, reason: string): void {
    if (shape.isRemoved) return
    this.byHandle.delete(shape.handle)
    for (const lives of [this.byIdentity, this.previous]) {
      if (lives.get(shape.identity) === shape) lives.delete(shape.identity)
    }
    this.router.remove(shape)
    this.flusher.forget(shape)
    try {
      if (this.options.journal.shapes.has(shape.handle))
        this.options.journal.write({ kind: 'removed', handle: shape.handle })
    } catch (error) {
      this.options.log.error('journal_failing', { message: errorText(error) })
    }
    shape.remove()
    this.options.log.info('shape_removed', { handle: shape.handle, reason })
  }

  /** Ends the shapes that do not fit a table any more, and has the others tell what it is like now; null when the table is gone. */
  checkTable(relation: RelationName, table: Table | null): void {
    for (const shape of this.byHandle.values()) {
      const own = shape.definition.table
      if (own.schema !== relation.schema || own.name !== relation.name) continue
      if (table === null) this.remove(shape, 'the table is gone')
      else if (own.oid !== table.oid) this.remove(shape, 'the table was made anew')
      else {
        const reason =
          disagreementWith(shape, table) ?? (hasKeyOf(own, table) ? null : 'its primary key is another one')
        if (reason !== null) this.remove(shape, reason)
        else shape.describeBy(table)
      }
    }
  }

  removeAll(reason: string): void {
    for (const shape of this.byHandle.values()) this.remove(shape, reason)
  }

  /** Takes up the shapes of an earlier run. */
  restore(): void {
    const { journal, log, tables, blobs } = this.options
    blobs.survey()
    const tableById = new Map([...journal.tables].map(([id, table]) => [id, tables.intern(table)]))
    for (const stored of journal.shapes.values()) {
      const table = tableById.get(stored.table)
      const definition = table ? restoreDefinition(stored, table) : null
      const shape = definition ? this.build(stored.handle, definition, stored.identity, STARTED) : null
      if (!shape?.snapshot.restore(stored.snapshot.chunkEnds, stored.isSettled === true ? null : stored.snapshot.crc)) {
        journal.write({ kind: 'removed', handle: stored.handle })
        log.warning('shape_not_restored', { handle: stored.handle })
        continue
      }
      if (!shape.log.recover() && shape.log.end.tx < journal.acknowledged) {
        // What is missing may be something that Postgres was told to forget.
        journal.write({ kind: 'removed', handle: stored.handle })
        log.error('shape_damaged', { handle: stored.handle })
        continue
      }
      const { xmin, xmax, xip, until } = stored.snapshot
      shape.resume({ xmin: BigInt(xmin), xmax: BigInt(xmax), xip: xip.map(BigInt) }, BigInt(until))
      this.add(shape)
      // Entries stand in the order in which lives began.
      const before = this.byIdentity.get(shape.identity)
      if (before) this.replace(before, shape)
      else this.byIdentity.set(shape.identity, shape)
    }
    // What a crash left half made, and what could not be taken up.
    blobs.removeExcept((name) => this.byHandle.has(name))
  }

  private build(handle: string, definition: ShapeDefinition, identity: string, started: Promise<void>): Shape {
    const { blobs, chunkBytes } = this.options
    const file = fileOf(handle)
    return new Shape(
      handle,
      definition,
      identity,
      this.encoders.for(definition.table, definition.selected, definition.replica),
      new ShapeLog(blobs.open(`${file}.log`), blobs.open(`${file}.index`), chunkBytes),
      new SnapshotLog(blobs.open(`${file}.snapshot`), chunkBytes),
      started,
    )
  }

  private add(shape: Shape): void {
    this.byHandle.set(shape.handle, shape)
    this.router.add(shape)
  }

  /** Puts a life in the place of the present one. */
  private replace(shape: Shape, next: Shape): void {
    const oldest = this.previous.get(shape.identity)
    if (oldest) this.remove(oldest, 'its definition was renewed twice')
    shape.isSuperseded = true
    this.previous.set(shape.identity, shape)
    this.byIdentity.set(shape.identity, next)
  }

  /** Begins a life. `made` resolves when its snapshot is complete and on record, or when it has failed and the shape is removed. */
  private begin(definition: ShapeDefinition, identity: string): { shape: Shape; made: Promise<void> } {
    const handle = newHandle(identity, this.nextMicros())
    let resolve = () => {}
    let reject: (error: unknown) => void = () => {}
    const started = new Promise<void>((onStart, onFail) => {
      resolve = onStart
      reject = onFail
    })
    started.catch(() => undefined)
    const shape = this.build(handle, definition, identity, started)
    this.add(shape)
    const made = this.make(shape, resolve).catch((error: unknown) => {
      this.options.log.warning('shape_failed', { handle, message: errorText(error) })
      reject(error)
      shape.snapshot.fail(error instanceof Error ? error : new Error(String(error)))
      this.remove(shape, 'its snapshot failed')
    })
    return { shape, made }
  }

  private async make(shape: Shape, onBegin: () => void): Promise<void> {
    const { pool, journal, log, publication, manualPublishing } = this.options
    const { table } = shape.definition
    const dependencies = shape.definition.where?.dependencies ?? []
    for (const needed of [table, ...dependencies.map((dependency) => dependency.table)]) {
      await ensurePublished(pool, publication, needed, manualPublishing)
    }
    await takeFreshSnapshot(pool, shape, onBegin)
    if (shape.isRemoved) return
    const id = tableId(table)
    if (!journal.tables.has(id)) journal.write({ kind: 'table', id, table })
    // What subqueries returned is only in memory: such a shape does not outlive the server.
    if (dependencies.length > 0) return shape.snapshot.complete()
    // What waited for the snapshot to begin may be acknowledged already: it must not be on record without it.
    shape.log.flush()
    this.flusher.changed([shape])
    // On record before anybody is told that the snapshot is complete: a reader's handle must outlive a kill from then on.
    journal.write({ kind: 'shape', shape: storeShape(shape) })
    shape.snapshot.complete()
    log.info('shape_recorded', { handle: shape.handle, bytes: shape.snapshot.size })
    void this.settle(shape)
  }

  /** Notes that the snapshot has reached the disk. Where that cannot be noted the shape lives on: its bytes are checked at the next start. */
  private async settle(shape: Shape): Promise<void> {
    try {
      await shape.snapshot.sync()
      if (shape.isRemoved) return
      this.options.journal.write({ kind: 'settled', handle: shape.handle })
      this.options.log.info('shape_settled', { handle: shape.handle })
    } catch (error) {
      this.options.log.warning('shape_not_settled', { handle: shape.handle, message: errorText(error) })
    }
  }

  /** Microseconds, never the same twice. */
  private nextMicros(): bigint {
    const now = BigInt(Date.now()) * 1000n
    this.lastMicros = now > this.lastMicros ? now : this.lastMicros + 1n
    return this.lastMicros
  }
}

/** Whether rows are told apart by the same columns: what one key names must stay one row. */
function hasKeyOf(own: Table, table: Table): boolean {
  const names = ({ pk, columns }: Table) => JSON.stringify(pk.map((i) => columns[i]?.name))
  return names(own) === names(table)
}

const STALE_ATTEMPTS_MAX = 100
const STALE_RETRY_MS = 10

/** Takes the snapshot, again for as long as it does not show what the log has already passed by. */
async function takeFreshSnapshot(pool: pg.Pool, shape: Shape, onBegin: () => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await takeSnapshot(pool, shape, onBegin)
    } catch (error) {
      if (!(error instanceof StaleSnapshotError) || attempt === STALE_ATTEMPTS_MAX) throw error
      await new Promise((resolve) => setTimeout(resolve, STALE_RETRY_MS))
    }
  }
}

/** Spread over a hundred folders; the last digits of a handle are its time. */
function fileOf(handle: string): string {
  return `shapes/${handle.slice(-5, -3)}/${handle}`
}
