import { crc32 } from 'node:zlib'
import type { Table } from '../postgres/table'
import type { RoutingKey } from '../where/routing-keys'
import type { Blob } from './blob'

/** What has to be known about a shape to take it up again. xids and LSNs are decimal text. */
export interface StoredShape {
  handle: string
  identity: string
  /** Id of its table definition, stored once for all shapes on it. */
  table: string
  where: string | null
  /** The clause's routing keys: with them it need not be compiled before a change comes. */
  keys: RoutingKey[] | null
  params: Record<string, string>
  /** Positions in the table's columns. */
  selected: number[]
  hasExplicitColumns: boolean
  replica: 'default' | 'full'
  log: 'full' | 'changes_only'
  snapshot: { xmin: string; xmax: string; xip: string[]; until: string; chunkEnds: number[]; crc: number }
  /** The snapshot is known to have reached the disk. */
  isSettled?: boolean
}

/** What all shapes together depend on; a difference means that the log may have a gap. */
export interface StoredOrigin {
  systemIdentifier: string
  timeline: string
  database: string
  slot: string
  publicationOid: string
}

export type JournalEntry =
  | { kind: 'origin'; origin: StoredOrigin }
  | { kind: 'table'; id: string; table: Table }
  | { kind: 'shape'; shape: StoredShape }
  | { kind: 'settled'; handle: string }
  | { kind: 'removed'; handle: string }
  /** Everything up to this LSN is stored; written before the slot is told. */
  | { kind: 'acknowledged'; lsn: string }

const PIECE_BYTES = 1 << 20

/** Shapes and their origin, as a log of entries: one line each, with a checksum. A torn last line is dropped. */
export class Journal {
  origin: StoredOrigin | null = null
  acknowledged = 0n
  readonly shapes = new Map<string, StoredShape>()
  readonly tables = new Map<string, Table>()
  private entries = 0

  constructor(private readonly blob: Blob) {}

  /** Reads the journal back. */
  recover(): void {
    let goodBytes = 0
    let rest = Buffer.alloc(0)
    // By the piece: it may be as large as all shapes are many.
    for (let from = 0; from < this.blob.size; from += PIECE_BYTES) {
      const bytes = Buffer.concat([rest, this.blob.readSync(from, PIECE_BYTES)])
      const { taken, isTorn } = this.applyLines(bytes)
      goodBytes += taken
      rest = bytes.subarray(taken)
      if (isTorn) break
    }
    this.blob.truncate(goodBytes)
    if (this.entries > 1000 && this.entries > 2 * this.shapes.size) this.compact()
  }

  /** Applies the lines that are whole, up to one that is torn; tells how many bytes they were. */
  private applyLines(bytes: Buffer): { taken: number; isTorn: boolean } {
    let taken = 0
    for (;;) {
      const end = bytes.indexOf(10, taken)
      if (end === -1) return { taken, isTorn: false }
      const entry = decodeLine(bytes.subarray(taken, end))
      if (!entry) return { taken, isTorn: true }
      this.apply(entry)
      taken = end + 1
    }
  }

  /** Records an entry. Throws when the disk refuses; nothing has changed then. */
  write(entry: JournalEntry): void {
    this.blob.append([encodeLine(entry)])
    this.apply(entry)
  }

  /** Drops what later entries have overruled. */
  compact(): void {
    const lines: Buffer[] = []
    if (this.origin) lines.push(encodeLine({ kind: 'origin', origin: this.origin }))
    const used = new Set([...this.shapes.values()].map((shape) => shape.table))
    for (const [id, table] of this.tables) {
      if (used.has(id)) lines.push(encodeLine({ kind: 'table', id, table }))
      else this.tables.delete(id)
    }
    for (const shape of this.shapes.values()) lines.push(encodeLine({ kind: 'shape', shape }))
    lines.push(encodeLine({ kind: 'acknowledged', lsn: this.acknowledged.toString() }))
    this.blob.replace(lines)
    this.entries = lines.length
  }

  get isCompactable(): boolean {
    return this.entries > 10_000 && this.entries > 2 * this.shapes.size
  }

  sync(): Promise<void> {
    return this.blob.sync()
  }

  private apply(entry: JournalEntry): void {
    this.entries++
    switch (entry.kind) {
      case 'origin':
        this.origin = entry.origin
        return
      case 'table':
        this.tables.set(entry.id, entry.table)
        return
      case 'shape':
        this.shapes.set(entry.shape.handle, entry.shape)
        return
      case 'settled': {
        const shape = this.shapes.get(entry.handle)
        if (shape) shape.isSettled = true
        return
      }
      case 'removed':
        this.shapes.delete(entry.handle)
        return
      case 'acknowledged':
        this.acknowledged = BigInt(entry.lsn)
    }
  }
}

function encodeLine(entry: JournalEntry): Buffer {
  const json = JSON.stringify(entry)
  return Buffer.from(`${crc32(json).toString(16).padStart(8, '0')} ${json}\n`)
}

function decodeLine(line: Buffer): JournalEntry | null {
  const json = line.toString('utf8', 9, line.length)
  if (Number.parseInt(line.toString('latin1', 0, 8), 16) !== crc32(json)) return null
  return JSON.parse(json) as JournalEntry
}
