import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Feeds, LINGER_MS, type Place, type Waiter } from './feeds'
import type { ShapeLine } from './lines'

const at = (n: number): Place => ({ handle: 'h', offset: `${n}_0` })
const line = (to: number, body = `[${to}]`): ShapeLine => ({
  id: 'songs/b',
  status: 200,
  headers: { 'electric-handle': 'h', 'electric-offset': `${to}_0`, 'electric-cursor': `c${to}` },
  body,
})
const refusal: ShapeLine = { id: 'songs/b', status: 409, headers: {}, body: '[]' }

function waiter(from: number, answers: ShapeLine[] = []): Waiter & { answers: ShapeLine[] } {
  return {
    entity: 'songs',
    scope: 'b',
    place: at(from),
    cursor: null,
    answers,
    answer: (each) => void answers.push(each),
  }
}

describe('L1 a request is answered with the line that begins where it stands', () => {
  test('L1 everyone who stands there gets the line once', () => {
    const feeds = new Feeds()
    const [one, two] = [waiter(1), waiter(1)]
    expect([feeds.ask(one), feeds.ask(two)]).toEqual(['set-changed', 'joined'])
    expect(feeds.receive('songs/b', at(1), line(2), 0)).toBe('delivered')
    expect([one.answers, two.answers]).toEqual([[line(2)], [line(2)]])
    feeds.receive('songs/b', at(2), line(3), 0)
    expect(one.answers).toHaveLength(1)
  })

  test('L1 a line that came while nobody asked is kept for who asks next', () => {
    const feeds = new Feeds()
    feeds.ask(waiter(1))
    feeds.receive('songs/b', at(1), line(2), 0)
    feeds.receive('songs/b', at(2), line(3), 0)
    const late = waiter(2)
    expect(feeds.ask(late)).toBe('answered')
    expect(late.answers).toEqual([line(3)])
    expect(feeds.ask(waiter(3))).toBe('joined')
  })

  test('L1 who stands elsewhere is a feed of its own', () => {
    const feeds = new Feeds()
    feeds.ask(waiter(1))
    expect(feeds.ask(waiter(7))).toBe('set-changed')
    expect(feeds.shapes().map(({ id, offset }) => `${id} ${offset}`)).toEqual(['songs/b 1_0', 'songs/b#2 7_0'])
  })

  test('L1 a line that begins elsewhere is given to nobody', () => {
    const feeds = new Feeds()
    const one = waiter(1)
    feeds.ask(one)
    expect(feeds.receive('songs/b', at(5), line(6), 0)).toBe('gap')
    expect(feeds.receive('songs/x', at(1), line(2), 0)).toBe('stray')
    expect(one.answers).toEqual([])
  })

  test('L1 what another connection brought already is known', () => {
    const feeds = new Feeds()
    feeds.ask(waiter(1))
    feeds.receive('songs/b', at(1), line(2), 0)
    expect(feeds.receive('songs/b', at(1), line(2), 0)).toBe('known')
    expect(feeds.receive('songs/b', at(1), line(3), 0)).toBe('gap')
  })

  test('L1 a refusal is told once and ends the feed; asking again is a new feed', () => {
    const feeds = new Feeds()
    const one = waiter(1)
    feeds.ask(one)
    feeds.receive('songs/b', at(1), refusal, 0)
    expect([one.answers, feeds.isEmpty]).toEqual([[refusal], true])
    expect(feeds.ask(waiter(1))).toBe('set-changed')
  })

  test('L1 a refusal that nobody waited for is told to who asks', () => {
    const feeds = new Feeds()
    feeds.ask(waiter(1))
    feeds.receive('songs/b', at(1), line(2), 0)
    feeds.receive('songs/b', at(2), refusal, 0)
    expect(feeds.isEmpty).toBe(true)
    const late = waiter(2)
    expect(feeds.ask(late)).toBe('answered')
    expect(late.answers).toEqual([refusal])
    expect(feeds.size).toBe(0)
  })

  test('L1 readers of one shape, at their own pace, over two connections: each reads every line in order, once', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('ask' as const), reader: fc.nat(2) }),
      fc.record({ kind: fc.constant('line' as const), connection: fc.nat(1) }),
      fc.record({ kind: fc.constant('reopen' as const), connection: fc.nat(1) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const feeds = new Feeds()
        // The log: positions 0, 1, 2 … one line each.
        const readers = [0, 0, 0].map(() => ({ position: 0, isWaiting: false }))
        const connections: Map<string, number>[] = [new Map(), new Map()]
        const reopen = (n: number) => {
          connections[n] = new Map(feeds.shapes().map(({ id, offset }) => [id, Number.parseInt(offset)]))
        }
        for (const each of steps) {
          if (each.kind === 'reopen') reopen(each.connection)
          if (each.kind === 'ask') {
            const reader = readers[each.reader]
            if (!reader || reader.isWaiting) continue
            reader.isWaiting = true
            const from = reader.position
            feeds.ask({
              ...waiter(from),
              answer: (told) => {
                expect(told).toEqual(line(from + 1))
                expect(reader.position).toBe(from)
                reader.position = from + 1
                reader.isWaiting = false
              },
            })
          }
          if (each.kind === 'line') {
            for (const [id, from] of connections[each.connection] ?? []) {
              feeds.receive(id, at(from), line(from + 1), 0)
              connections[each.connection]?.set(id, from + 1)
            }
          }
        }
        // However it went, a fresh connection answers everyone who waits.
        reopen(0)
        for (const [id, from] of connections[0] ?? []) feeds.receive(id, at(from), line(from + 1), 0)
        expect(readers.every(({ isWaiting }) => !isWaiting)).toBe(true)
      }),
    )
  })
})

describe('L11 a shape that nobody asks about leaves the connection', () => {
  test('L8 after a while, not before', () => {
    const feeds = new Feeds()
    const one = waiter(1)
    feeds.ask(one)
    expect(feeds.nextExpiry()).toBeNull()
    feeds.leave(one, 1_000)
    expect(feeds.nextExpiry()).toBe(1_000 + LINGER_MS)
    expect(feeds.expire(1_000 + LINGER_MS - 1)).toBe(false)
    expect(feeds.isEmpty).toBe(false)
    expect(feeds.expire(1_000 + LINGER_MS)).toBe(true)
    expect(feeds.isEmpty).toBe(true)
  })

  test('L8 a stream that works on a line keeps its place', () => {
    const feeds = new Feeds()
    feeds.ask(waiter(1))
    feeds.receive('songs/b', at(1), line(2), 1_000)
    expect(feeds.ask(waiter(2))).toBe('joined')
    expect(feeds.expire(1_000_000)).toBe(false)
  })
})
