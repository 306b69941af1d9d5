import { expect, test } from 'vitest'
import { SharedAnswers } from './shared-answers'
import type { Answer } from './upstream'

/** An upstream whose polls end when the test says so. */
function scripted() {
  const polls: { signal: AbortSignal; end: (answer: Answer) => void; fail: (error: unknown) => void }[] = []
  const ask = (signal: AbortSignal) =>
    new Promise<Answer>((resolve, reject) => {
      polls.push({ signal, end: resolve, fail: reject })
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  return { polls, ask, answers: new SharedAnswers() }
}

const answer = (): Answer => ({ kind: 'passed', status: 200, headers: {}, body: new Uint8Array([1]) })
const never = new AbortController().signal

test('a thousand readers of one place are one poll, and read the same bytes', async () => {
  const { polls, ask, answers } = scripted()
  const reads = Promise.all(Array.from({ length: 1_000 }, () => answers.read('k', ask, new AbortController().signal)))
  const sent = answer()
  polls[0]?.end(sent)
  expect(new Set(await reads)).toEqual(new Set([sent]))
  expect(polls).toHaveLength(1)
})

test('other places are polled on their own', async () => {
  const { polls, ask, answers } = scripted()
  void answers.read('a', ask, never)
  void answers.read('b', ask, never)
  expect(polls).toHaveLength(2)
})

test('upstream is let go when the last reader leaves, not before', async () => {
  const { polls, ask, answers } = scripted()
  const [one, two] = [new AbortController(), new AbortController()]
  const gone = [one, two].map(({ signal }) => expect(answers.read('k', ask, signal)).rejects.toThrow('left'))
  one.abort(new Error('left'))
  await gone[0]
  expect(polls[0]?.signal.aborted).toBe(false)
  two.abort(new Error('left'))
  await gone[1]
  expect(polls[0]?.signal.aborted).toBe(true)
  expect(answers.size).toBe(0)
  void answers.read('k', ask, never)
  expect(polls).toHaveLength(2)
})

test('whoever asks after the answer asks anew', async () => {
  const { polls, ask, answers } = scripted()
  const first = answers.read('k', ask, never)
  polls[0]?.end(answer())
  await first
  void answers.read('k', ask, never)
  expect(polls).toHaveLength(2)
})

test('a reader who left already asks nothing', async () => {
  const { polls, ask, answers } = scripted()
  await expect(answers.read('k', ask, AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
  expect(polls).toHaveLength(0)
})

test('a failure is everybody’s and is forgotten', async () => {
  const { polls, ask, answers } = scripted()
  const reads = [answers.read('k', ask, never), answers.read('k', ask, never)]
  polls[0]?.fail(new Error('broken'))
  expect((await Promise.allSettled(reads)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(answers.size).toBe(0)
})
