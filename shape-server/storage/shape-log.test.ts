import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Blob, BlobStore } from './blob'
import { FileBlobStore, MemoryBlobStore } from './blob'
import { comparePositions, parsePosition, SNAPSHOT_END } from './position'
import type { Position } from './position'
import { ShapeLog } from './shape-log'

const CHUNK = 200

const dirs: string[] = []
function temporaryStore(): FileBlobStore {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'shape-log-'))
  dirs.push(dir)
  return new FileBlobStore(dir)
}

afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})

interface Transaction {
  tx: bigint
  items: { text: string; op: number }[]
}

/** Transactions as the router makes them: LSNs rise, positions rise by two. */
const transactions = fc
  .array(fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 6 }), { maxLength: 12 })
  .map((sizes): Transaction[] =>
    sizes.map((items, i) => {
      const tx = BigInt(1000 + i * 100)
      return {
        tx,
        items: items.map((size, n) => ({
          op: n * 2,
          text: `{"value":"${'x'.repeat(size)}","headers":{"lsn":"${String(tx)}","op_position":${String(n * 2)}}}`,
        })),
      }
    }),
  )

function append(log: ShapeLog, { tx, items }: Transaction): void {
  for (const { text, op } of items) log.stage(text, op)
  log.commit(tx)
}

function open(store: BlobStore): { log: ShapeLog; data: Blob; index: Blob } {
  const data = store.open('log')
  const index = store.open('index')
  return { log: new ShapeLog(data, index, CHUNK), data, index }
}

/** Everything behind a position, chunk by chunk, as the server reads it. */
async function readAll(log: ShapeLog, from: Position, pieceBytes = 64): Promise<string[]> {
  let after = from
  const items: string[] = []
  for (;;) {
    const range = log.read(after)
    const parts: Buffer[] = []
    if (range.bytes.kind === 'memory') parts.push(...range.bytes.parts)
    else
      for await (const piece of log.stream(range.bytes.from, range.bytes.to, pieceBytes)) parts.push(Buffer.from(piece))
    const text = Buffer.concat(parts).toString('utf8')
    if (text !== '') items.push(...text.slice(2).split(',\n'))
    if (range.isAtEnd) return items
    expect(comparePositions(range.end, after)).toBeGreaterThan(0)
    after = range.end
  }
}

function itemsAfter(written: Transaction[], after: Position): string[] {
  return written.flatMap(({ tx, items }) =>
    items.filter((item) => comparePositions({ tx, op: item.op }, after) > 0).map((item) => item.text),
  )
}

const stores: [string, () => BlobStore][] = [
  ['memory', () => new MemoryBlobStore()],
  ['files', temporaryStore],
]

describe.each(stores)('PS a log in %s', (_, makeStore) => {
  test('PS1 gives what was appended, from any position, before and after a flush', async () => {
    await fc.assert(
      fc.asyncProperty(transactions, fc.nat({ max: 12 }), fc.boolean(), async (written, flushAt, drops) => {
        const { log } = open(makeStore())
        written.forEach((transaction, i) => {
          append(log, transaction)
          if (i === flushAt) log.flush()
          if (i === flushAt && drops) log.dropTail()
        })
        const positions = [SNAPSHOT_END, ...written.flatMap(({ tx, items }) => items.map(({ op }) => ({ tx, op })))]
        for (const after of positions) expect(await readAll(log, after)).toEqual(itemsAfter(written, after))
      }),
      { numRuns: 60 },
    )
  })

  test('PS2 shows nothing of a transaction before its commit, and nothing at all after a discard', async () => {
    const { log } = open(makeStore())
    append(log, { tx: 10n, items: [{ text: '{"a":"1"}', op: 0 }] })
    log.stage('{"b":"1"}', 0)
    expect(await readAll(log, SNAPSHOT_END)).toEqual(['{"a":"1"}'])
    log.discard()
    append(log, { tx: 20n, items: [{ text: '{"c":"1"}', op: 0 }] })
    expect(await readAll(log, SNAPSHOT_END)).toEqual(['{"a":"1"}', '{"c":"1"}'])
  })

  test('PS3 a transaction of 40 MB is spilled, and read whole after its commit', async () => {
    const { log, data } = open(makeStore())
    const filler = 'x'.repeat(100_000)
    for (let i = 0; i < 400; i++)
      log.stage(`{"i":"${String(i)}${filler}","headers":{"op_position":${String(i * 2)}}}`, i * 2)
    expect(data.size).toBeGreaterThan(20_000_000)
    expect(log.hasAfter(SNAPSHOT_END)).toBe(false)
    log.commit(7n)
    expect((await readAll(log, SNAPSHOT_END, 1 << 20)).length).toBe(400)
    append(log, { tx: 8n, items: [{ text: '{"after":"1"}', op: 0 }] })
    log.flush()
    expect((await readAll(log, { tx: 7n, op: 796 })).length).toBe(2)
  })
})

test('PS4 a log torn at any byte of either file comes back as a whole number of transactions', async () => {
  await fc.assert(
    fc.asyncProperty(
      transactions.filter((list) => list.length > 0),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (written, dataCut, indexCut) => {
        const store = temporaryStore()
        const before = open(store)
        for (const transaction of written) append(before.log, transaction)
        before.log.flush()
        store.close()
        const dataSize = Math.floor(before.data.size * dataCut)
        fs.truncateSync(path.join(store.dir, 'log'), dataSize)
        fs.truncateSync(path.join(store.dir, 'index'), Math.floor(before.index.size * indexCut))
        const { log } = open(store)
        log.recover()
        const count = written.filter(
          ({ tx }) => comparePositions({ tx, op: 0 }, log.end) <= 0 && log.end.tx > 0n,
        ).length
        expect(await readAll(log, SNAPSHOT_END)).toEqual(itemsAfter(written.slice(0, count), SNAPSHOT_END))
        // What was lost is sent again by Postgres, and fits.
        for (const transaction of written.slice(count)) append(log, transaction)
        log.flush()
        expect(await readAll(log, SNAPSHOT_END)).toEqual(itemsAfter(written, SNAPSHOT_END))
        store.close()
      },
    ),
    { numRuns: 150 },
  )
})

test('PS5 a byte flipped in the log or its index ends it there, never in the middle of a transaction', async () => {
  await fc.assert(
    fc.asyncProperty(
      transactions.filter((list) => list.length > 0),
      fc.constantFrom('log', 'index'),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (written, file, place) => {
        const store = temporaryStore()
        const before = open(store)
        for (const transaction of written) append(before.log, transaction)
        before.log.flush()
        store.close()
        const name = path.join(store.dir, file)
        const bytes = fs.readFileSync(name)
        const at = Math.floor(bytes.length * place)
        bytes[at] = (bytes[at] ?? 0) ^ 0x40
        fs.writeFileSync(name, bytes)
        const { log } = open(store)
        log.recover()
        const found = await readAll(log, SNAPSHOT_END)
        const all = itemsAfter(written, SNAPSHOT_END)
        expect(found).toEqual(all.slice(0, found.length))
        expect(found.length).toBeLessThan(all.length)
        expect(
          log.end.tx === 0n || written.some(({ tx, items }) => tx === log.end.tx && items.at(-1)?.op === log.end.op),
        ).toBe(true)
        store.close()
      },
    ),
    { numRuns: 100 },
  )
})

test('PS6 a disk that refuses loses nothing, and takes what waited when it can', async () => {
  const store = new MemoryBlobStore()
  const data = store.open()
  const index = store.open()
  let isFull = false
  const refusing = (blob: Blob): Blob =>
    new Proxy(blob, {
      get(target, name) {
        if (name === 'append' && isFull)
          return () => {
            throw new Error('ENOSPC')
          }
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  const log = new ShapeLog(refusing(data), refusing(index), CHUNK)
  const item = (n: number) => ({ text: `{"n":"${String(n)}","headers":{"op_position":0}}`, op: 0 })
  append(log, { tx: 1n, items: [item(1)] })
  isFull = true
  append(log, { tx: 2n, items: [item(2)] })
  expect(() => log.flush()).toThrow('ENOSPC')
  expect(await readAll(log, SNAPSHOT_END)).toHaveLength(2)
  isFull = false
  log.flush()
  log.dropTail()
  expect(await readAll(log, SNAPSHOT_END)).toHaveLength(2)
})

test('positions read what they write', () => {
  for (const text of ['-1', '0_0', '0_inf', '123_4', '18446744073709551615_7']) {
    const position = parsePosition(text)
    expect(position && comparePositions(position, position)).toBe(0)
  }
  expect(parsePosition('1')).toBeNull()
  expect(parsePosition('-2_1')).toBeNull()
})
