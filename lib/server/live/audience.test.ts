import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { entities } from '@/entities'
import type { Failure } from '@/lib/protocol/errors'
import { parseOffset, type Offset } from '@/lib/protocol/offset'
import { eventually } from '@/scripts/test/eventually'
import type { ShapePosition } from '../read/shape-query'
import type { Answer } from '../read/upstream'
import type { StoredViewer } from '../stored-viewer'
import { Audiences, type News } from './audience'

const PATIENCE = { timeout: 60_000, interval: 1 }
const BAND = '11111111-1111-4111-8111-111111111111'
const shape = { entity: entities.songs, scope: { kind: 'band' as const, column: 'band_id', value: BAND } }
const offset = (text: string): Offset => parseOffset(text) ?? expect.unreachable()
const at = (from: string): ShapePosition => ({
  offset: offset(from),
  handle: 'h',
  live: true,
  cursor: null,
  expiredHandle: null,
  cacheBuster: null,
})
const upTo = (to: string): Answer => ({
  kind: 'passed',
  status: 200,
  headers: { 'electric-handle': 'h', 'electric-offset': to, 'electric-up-to-date': '' },
  body: new Uint8Array(),
})

/** Audiences whose questions and checks end when the test says so. */
function scripted() {
  const questions: { from: string; signal: AbortSignal; answer: (answer: Answer) => void }[] = []
  const checks: { userIds: readonly string[]; answer: (members: readonly string[]) => void; fail: () => void }[] = []
  const audiences = new Audiences({
    answer: (_, position, signal) =>
      new Promise((resolve, reject) => {
        questions.push({ from: position.offset, signal, answer: resolve })
        signal.addEventListener('abort', () => reject(signal.reason))
      }),
    viewers: (userIds) =>
      new Promise((resolve, reject) => {
        const answer = (members: readonly string[]) => resolve(new Map(members.map((id) => [id, member(id)])))
        checks.push({ userIds, answer, fail: () => reject(new Error('no database')) })
      }),
  })
  const listen = (userId: string, from = '0_0', isContent = true) => {
    const heard: (string | undefined)[] = []
    const seat = audiences.join(shape, at(from), {
      reader: { session: sessionOf(userId), entity: shape.entity, requested: BAND },
      hear(news: News, refusal: Failure | null) {
        heard.push(refusal ? refusal.code : news.next?.offset)
        return isContent && refusal === null
      },
      fail: () => heard.push('failed'),
    })
    return { heard, leave: () => seat.leave() }
  }
  /** The n-th question or check, once it is there. */
  const question = (n: number) => vi.waitFor(() => questions[n] ?? expect.unreachable(), PATIENCE)
  const check = (n: number) => vi.waitFor(() => checks[n] ?? expect.unreachable(), PATIENCE)
  return { audiences, questions, checks, listen, question, check }
}

const member = (user_id: string): StoredViewer => ({
  session_version: 1,
  viewer: { user_id, bands: new Map([[BAND, 'viewer']]), projects: new Map() },
})
const sessionOf = (user_id: string) => ({
  user_id,
  session_id: null,
  session_version: 1,
  expires_at: new Date(Date.now() + 3_600_000).toISOString(),
})

let logged: ReturnType<typeof vi.spyOn>
beforeEach(() => {
  logged = vi.spyOn(console, 'error').mockImplementation(() => {})
})
afterEach(() => logged.mockRestore())

test('a thousand who listen at one place are one question and one check, and go on as one', async () => {
  const { listen, questions, checks, question, check } = scripted()
  const all = Array.from({ length: 1_000 }, (_, n) => listen(`person ${n}`))
  for (const [round, to] of ['1_0', '2_0'].entries()) {
    ;(await question(round)).answer(upTo(to))
    const asked = await check(round)
    expect(asked.userIds).toHaveLength(1_000)
    asked.answer(asked.userIds)
  }
  await question(2)
  expect(all.map(({ heard }) => heard)).toEqual(all.map(() => ['1_0', '2_0']))
  expect([questions.map(({ from }) => from), checks.length]).toEqual([['0_0', '1_0', '2_0'], 2])
})

test('the check begins after the answer, and each hears what it says of them', async () => {
  const { listen, checks, question, check } = scripted()
  const [stays, removed] = [listen('stays'), listen('removed')]
  const asked = await question(0)
  expect(checks).toHaveLength(0)
  asked.answer(upTo('1_0'))
  ;(await check(0)).answer(['stays'])
  await question(1)
  expect([stays.heard, removed.heard]).toEqual([['1_0'], ['signed_out']])
})

test('nothing new is asked on about, without a check', async () => {
  const { listen, checks, question } = scripted()
  const one = listen('one')
  ;(await question(0)).answer(upTo('0_0'))
  await question(1)
  expect([checks.length, one.heard]).toEqual([0, []])
})

test('who leaves hears no more, before the answer and within the check; the others do', async () => {
  const { listen, question, check } = scripted()
  const [early, late, stays] = [listen('early'), listen('late'), listen('stays')]
  early.leave()
  ;(await question(0)).answer(upTo('1_0'))
  const asked = await check(0)
  expect(asked.userIds).toEqual(['late', 'stays'])
  late.leave()
  asked.answer(asked.userIds)
  await question(1)
  expect([early.heard, late.heard, stays.heard]).toEqual([[], [], ['1_0']])
})

test('who says that it is out is left behind', async () => {
  const { audiences, listen, question, check } = scripted()
  const [slow] = [listen('slow', '0_0', false), listen('quick')]
  ;(await question(0)).answer(upTo('1_0'))
  ;(await check(0)).answer(['slow', 'quick'])
  ;(await question(1)).answer(upTo('2_0'))
  expect((await check(1)).userIds).toEqual(['quick'])
  expect([slow.heard, audiences.size]).toEqual([['1_0'], 0])
})

test('the question is let go with the last who leaves, and who comes in that moment asks anew', async () => {
  const { audiences, listen, questions, question, check } = scripted()
  const [one, two] = [listen('one'), listen('two')]
  one.leave()
  expect(questions[0]?.signal.aborted).toBe(false)
  two.leave()
  expect(questions[0]?.signal.aborted).toBe(true)
  const three = listen('three')
  ;(await question(1)).answer(upTo('1_0'))
  ;(await check(0)).answer(['three'])
  await question(2)
  expect(three.heard).toEqual(['1_0'])
  three.leave()
  await eventually(() => expect(audiences.size).toBe(0))
  expect(logged).not.toHaveBeenCalled()
})

test('who comes after the answer asks anew', async () => {
  const { listen, question, check } = scripted()
  listen('first')
  ;(await question(0)).answer(upTo('1_0'))
  await check(0)
  listen('second')
  expect((await question(1)).from).toBe('0_0')
})

test('a check that fails fails everyone once, and is logged once', async () => {
  const { audiences, listen, question, check } = scripted()
  const all = [listen('one'), listen('two')]
  ;(await question(0)).answer(upTo('1_0'))
  ;(await check(0)).fail()
  await eventually(() => expect(all.map(({ heard }) => heard)).toEqual([['failed'], ['failed']]))
  expect([audiences.size, logged.mock.calls.length]).toEqual([0, 1])
})

test('what goes wrong with one is no other’s', async () => {
  const { audiences, listen, question, check } = scripted()
  let isTold = false
  audiences.join(shape, at('0_0'), {
    reader: { session: sessionOf('broken'), entity: shape.entity, requested: BAND },
    hear: () => {
      throw new Error('broken')
    },
    fail: () => (isTold = true),
  })
  const other = listen('other')
  ;(await question(0)).answer(upTo('1_0'))
  ;(await check(0)).answer(['broken', 'other'])
  await question(1)
  expect([isTold, other.heard]).toEqual([true, ['1_0']])
})

test('a rotation is told, and is the end of it here', async () => {
  const { audiences, listen, questions, question, check } = scripted()
  const one = listen('one')
  ;(await question(0)).answer({ kind: 'passed', status: 409, headers: {}, body: new Uint8Array() })
  ;(await check(0)).answer(['one'])
  await eventually(() => expect(one.heard).toEqual([undefined]))
  await new Promise(setImmediate)
  expect([audiences.size, questions.length]).toEqual([0, 1])
})

test('others are served while many are told, and whoever leaves meanwhile hears nothing', async () => {
  const { audiences, listen, question, check } = scripted()
  const told = () => all.filter(({ heard }) => heard.length > 0).length
  let toldWhenServed = 0
  const serveAnother = () => {
    toldWhenServed = told()
    all[999]?.leave()
  }
  audiences.join(shape, at('0_0'), {
    reader: { session: sessionOf('first'), entity: shape.entity, requested: BAND },
    hear: () => setImmediate(serveAnother).hasRef(),
    fail: () => {},
  })
  const all = Array.from({ length: 1_000 }, (_, n) => listen(`person ${n}`))
  ;(await question(0)).answer(upTo('1_0'))
  const asked = await check(0)
  asked.answer(asked.userIds)
  await question(1)
  expect(toldWhenServed).toBeGreaterThan(0)
  expect([toldWhenServed < 999, told(), all[999]?.heard]).toEqual([true, 999, []])
})
