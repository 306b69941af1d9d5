import fs from 'node:fs'
import fsp from 'node:fs/promises'
import path from 'node:path'

/** Append-only bytes with a name. Two kinds: files, and memory for tests. */
export interface Blob {
  readonly size: number
  /** Appends whole or throws (a full disk) leaving the blob as it was. */
  append(parts: readonly Uint8Array[]): void
  readSync(at: number, length: number): Buffer
  /** Fills `into` from a position on; resolves with what there was. */
  read(at: number, into: Buffer): Promise<Buffer>
  truncate(size: number): void
  /** Puts other contents in its place, at once and whole. */
  replace(parts: readonly Uint8Array[]): void
  /** Resolves when what was appended survives a power cut. */
  sync(): Promise<void>
  remove(): void
}

export interface BlobStore {
  open(name: string): Blob
  /** Looks once at which files exist, so that opening many that do not costs nothing; until `removeExcept`. */
  survey(): void
  /** Removes files of shapes that do not exist; `isWanted` is asked with a file's name without folder and ending. */
  removeExcept(isWanted: (name: string) => boolean): void
  close(): void
}

export class MemoryBlobStore implements BlobStore {
  open(): Blob {
    return new MemoryBlob()
  }
  survey(): void {
    // Memory is empty at the start.
  }
  removeExcept(): void {
    // Memory is empty at the start.
  }
  close(): void {
    // Nothing is open.
  }
}

class MemoryBlob implements Blob {
  private parts: { at: number; bytes: Buffer }[] = []
  size = 0

  append(parts: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(parts)
    if (bytes.length === 0) return
    this.parts.push({ at: this.size, bytes })
    this.size += bytes.length
  }

  readSync(at: number, length: number): Buffer {
    const end = Math.min(this.size, at + length)
    const found: Buffer[] = []
    for (let i = this.partAt(at); i < this.parts.length; i++) {
      const part = this.parts[i]
      if (!part || part.at >= end) break
      found.push(part.bytes.subarray(Math.max(0, at - part.at), Math.min(part.bytes.length, end - part.at)))
    }
    return found.length === 1 && found[0] ? found[0] : Buffer.concat(found)
  }

  read(at: number, into: Buffer): Promise<Buffer> {
    return Promise.resolve(into.subarray(0, this.readSync(at, into.length).copy(into)))
  }

  truncate(size: number): void {
    const kept = this.readSync(0, size)
    this.parts = kept.length > 0 ? [{ at: 0, bytes: kept }] : []
    this.size = kept.length
  }

  replace(parts: readonly Uint8Array[]): void {
    this.remove()
    this.append(parts)
  }

  sync(): Promise<void> {
    return Promise.resolve()
  }

  remove(): void {
    this.parts = []
    this.size = 0
  }

  private partAt(at: number): number {
    let low = 0
    let high = this.parts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.parts[middle]?.at ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return low
  }
}

/** Opens the store a configuration names. `refuses` lets tests play a full disk. */
export function openBlobs(
  storage: { kind: 'memory' } | { kind: 'file'; dir: string },
  refuses: () => boolean = () => false,
): BlobStore {
  return storage.kind === 'memory' ? new MemoryBlobStore() : new FileBlobStore(storage.dir, refuses)
}

const OPEN_FILES_MAX = 1024

interface OpenFile {
  descriptor: number
  /** Reads under way; it is closed behind the last of them. */
  reads: number
  isForgotten: boolean
}

/** Files under one directory, with a bounded number of them open. */
export class FileBlobStore implements BlobStore {
  private readonly openFiles = new Map<string, OpenFile>()
  private surveyed: Set<string> | null = null

  constructor(
    readonly dir: string,
    readonly refuses: () => boolean = () => false,
  ) {
    fs.mkdirSync(dir, { recursive: true })
  }

  /** The one way in which a file's path is written: it is a key, too. */
  pathOf(name: string): string {
    return `${this.dir}/${name}`
  }

  open(name: string): Blob {
    return new FileBlob(this, name)
  }

  survey(): void {
    const root = this.pathOf('shapes')
    const folders = fs.existsSync(root) ? fs.readdirSync(root) : []
    this.surveyed = new Set(
      folders.flatMap((folder) => fs.readdirSync(`${root}/${folder}`).map((file) => `${root}/${folder}/${file}`)),
    )
  }

  /** Bytes of a file, 0 for one that does not exist. */
  sizeOf(file: string): number {
    if (this.surveyed && !this.surveyed.has(file)) return 0
    return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  }

  removeExcept(isWanted: (name: string) => boolean): void {
    this.surveyed = null
    const root = this.pathOf('shapes')
    if (!fs.existsSync(root)) return
    for (const folder of fs.readdirSync(root)) {
      for (const file of fs.readdirSync(`${root}/${folder}`)) {
        if (isWanted(path.parse(file).name)) continue
        this.forgetFile(`${root}/${folder}/${file}`)
        fs.rmSync(`${root}/${folder}/${file}`, { force: true })
      }
    }
  }

  close(): void {
    for (const file of this.openFiles.keys()) this.forgetFile(file)
  }

  /** An open descriptor, good until the next call. */
  descriptor(file: string): number {
    return this.openFile(file).descriptor
  }

  /** Fills `into` from a position on; resolves with the number of bytes there were. The file stays open for it, whatever happens meanwhile. */
  read(file: string, into: Buffer, at: number): Promise<number> {
    const open = this.openFile(file)
    open.reads++
    return new Promise((resolve, reject) => {
      fs.read(open.descriptor, into, 0, into.length, at, (error, count) => {
        open.reads--
        if (open.isForgotten && open.reads === 0) fs.closeSync(open.descriptor)
        if (error) reject(error)
        else resolve(count)
      })
    })
  }

  /** Closes a file that goes away or is replaced. */
  forgetFile(file: string): void {
    const open = this.openFiles.get(file)
    if (!open) return
    this.openFiles.delete(file)
    open.isForgotten = true
    if (open.reads === 0) fs.closeSync(open.descriptor)
  }

  /** The one used longest ago is closed when there are too many. */
  private openFile(file: string): OpenFile {
    const known = this.openFiles.get(file)
    if (known) {
      this.openFiles.delete(file)
      this.openFiles.set(file, known)
      return known
    }
    if (this.openFiles.size >= OPEN_FILES_MAX) {
      const oldest = this.openFiles.keys().next().value
      if (oldest !== undefined) this.forgetFile(oldest)
    }
    const open = { descriptor: openOrCreate(file), reads: 0, isForgotten: false }
    this.openFiles.set(file, open)
    return open
  }
}

function openOrCreate(file: string): number {
  try {
    return fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600)
  } catch (error) {
    if (!isMissing(error)) throw error
    fs.mkdirSync(path.dirname(file), { recursive: true })
    return fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600)
  }
}

class FileBlob implements Blob {
  private knownSize: number | null = null
  private isListed = false
  private isRemoved = false

  constructor(
    private readonly store: FileBlobStore,
    private readonly name: string,
  ) {}

  /** Put together when it is needed: three whole paths for each of many shapes would be what they weigh most. */
  private get file(): string {
    return this.store.pathOf(this.name)
  }

  get size(): number {
    this.knownSize ??= this.store.sizeOf(this.file)
    return this.knownSize
  }

  private set size(bytes: number) {
    this.knownSize = bytes
  }

  append(parts: readonly Uint8Array[]): void {
    this.mustExist()
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
    const descriptor = this.store.descriptor(this.file)
    let written = 0
    try {
      if (this.store.refuses()) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
      while (written < bytes.length) {
        written += fs.writeSync(descriptor, bytes, written, bytes.length - written, this.size + written)
      }
    } catch (error) {
      // Half an append must not be found behind the next one.
      if (written > 0) fs.ftruncateSync(descriptor, this.size)
      throw error
    }
    this.size += bytes.length
  }

  readSync(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - at)))
    if (bytes.length === 0) return bytes
    let done = 0
    const descriptor = this.store.descriptor(this.file)
    while (done < bytes.length) {
      const count = fs.readSync(descriptor, bytes, done, bytes.length - done, at + done)
      if (count === 0) break
      done += count
    }
    return bytes.subarray(0, done)
  }

  async read(at: number, into: Buffer): Promise<Buffer> {
    this.mustExist()
    return into.subarray(0, await this.store.read(this.file, into, at))
  }

  truncate(size: number): void {
    if (size >= this.size) return
    fs.ftruncateSync(this.store.descriptor(this.file), size)
    this.size = size
  }

  replace(parts: readonly Uint8Array[]): void {
    const next = `${this.file}.next`
    const descriptor = fs.openSync(next, 'w', 0o600)
    try {
      for (const part of parts) {
        for (let written = 0; written < part.length;) written += fs.writeSync(descriptor, part, written)
      }
      fs.fdatasyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
    this.store.forgetFile(this.file)
    fs.renameSync(next, this.file)
    syncFolderNow(this.file)
    this.size = fs.statSync(this.file).size
  }

  async sync(): Promise<void> {
    const handle = await fsp.open(this.file, 'r+').catch((error: unknown) => {
      if (isMissing(error)) return null
      throw error
    })
    if (!handle) return
    try {
      await handle.datasync()
      if (!this.isListed) await syncFolder(this.file)
      this.isListed = true
    } finally {
      await handle.close()
    }
  }

  remove(): void {
    this.store.forgetFile(this.file)
    fs.rmSync(this.file, { force: true })
    this.size = 0
    this.isRemoved = true
  }

  /** To open a file is to make it: one that was removed would come back, and stay. */
  private mustExist(): void {
    if (this.isRemoved) throw new Error('the file was removed')
  }
}

/** Makes it survive a power cut that a file is there under its name. */
async function syncFolder(file: string): Promise<void> {
  const folder = await fsp.open(path.dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function syncFolderNow(file: string): void {
  const folder = fs.openSync(path.dirname(file), 'r')
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
