import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { FileBlobStore } from '@/shape-server/storage/blob'
import { Journal } from '@/shape-server/storage/journal'
import type { StoredShape } from '@/shape-server/storage/journal'
import { residentBytes, startOurs } from './engine'
import type { StartOptions } from './engine'
import type { Measurement } from './measurement'
import { Reader } from './reader'

/** Stands for the number of a shape in the one that the others are copied from. */
const PATTERN = 123_456_789

/** How long the server takes to be active again on many shapes that nobody reads, and what it weighs then. */
export async function restart(databaseUrl: string, count: number, options: StartOptions): Promise<Measurement[]> {
  const storageDir = await mkdtemp(join(tmpdir(), 'bench-stored-shapes-'))
  const own = { ...options, storageDir, streamId: `bench_stored_${String(process.pid)}` }
  const shapeOf = (k: number) => ({ table: 'bench_keyed', where: `k = ${String(k)}` })
  try {
    {
      await using engine = await startOurs(databaseUrl, own)
      const pattern = await Reader.open(engine, shapeOf(PATTERN))
      pattern.close()
    }
    const last = await multiply(storageDir, count)
    await using engine = await startOurs(databaseUrl, own)
    const bytes = residentBytes(engine.pid)
    const reader = await Reader.open(engine, shapeOf(count - 1))
    if (reader.position.handle !== last) throw new Error('the stored shapes were not taken up')
    reader.close()
    return [
      { what: `restart on ${String(count)} shapes`, unit: 'ms', value: engine.startMs ?? 0 },
      { what: `memory with ${String(count)} shapes`, unit: 'MB', value: bytes / 1e6 },
    ]
  } finally {
    await rm(storageDir, { recursive: true, force: true })
  }
}

/** Puts copies of the one stored shape beside it, each with a filter of its own; the last one's handle. Through HTTP this would take minutes. */
async function multiply(storageDir: string, count: number): Promise<string> {
  const store = new FileBlobStore(storageDir)
  const journal = new Journal(store.open('journal'))
  journal.recover()
  const pattern = [...journal.shapes.values()][0]
  if (!pattern) throw new Error('the first shape was not stored')
  const snapshot = store.open(snapshotFile(pattern.handle)).readSync(0, 1 << 20)
  for (let k = 0; k < count; k++) {
    const shape = copyOf(pattern, k)
    const file = join(storageDir, snapshotFile(shape.handle))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, snapshot)
    journal.shapes.set(shape.handle, shape)
  }
  journal.compact()
  store.close()
  return handleOf(pattern.handle, count - 1)
}

function copyOf(pattern: StoredShape, k: number): StoredShape {
  const copy = JSON.parse(JSON.stringify(pattern).replaceAll(String(PATTERN), String(k))) as StoredShape
  return { ...copy, handle: handleOf(pattern.handle, k), isSettled: true }
}

/** Handles end in a time; the copies' lie a microsecond apart. */
function handleOf(pattern: string, k: number): string {
  const [hash = '', micros = '0'] = pattern.split('-')
  return `${hash}-${String(BigInt(micros) + BigInt(k + 1))}`
}

/** As the registry spreads them. */
function snapshotFile(handle: string): string {
  return `shapes/${handle.slice(-5, -3)}/${handle}.snapshot`
}
