import 'server-only'
import { STATUS_BY_CODE, type Failure } from '@/lib/protocol/errors'
import type { LiveLine } from '@/lib/protocol/live'
import { errorBody } from '../respond'
import type { Answer } from '../read/upstream'

const encoder = new TextEncoder()
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20

// Readers who wait for one answer mostly call the shape by one name, so its line is encoded once for all of them.
const linesByAnswer = new WeakMap<Answer, Map<string, Uint8Array>>()

/** The line that tells a shape's answer, shared by all who named the shape alike. */
export function answerLine(id: string, answer: Answer): Uint8Array {
  if (answer.kind === 'failed') return failureLine(id, answer.failure)
  let lines = linesByAnswer.get(answer)
  if (!lines) linesByAnswer.set(answer, (lines = new Map()))
  let line = lines.get(id)
  if (!line) lines.set(id, (line = encodeAnswer(id, answer)))
  return line
}

export function failureLine(id: string, failure: Failure): Uint8Array {
  const { retryAfterSeconds } = failure
  return encodeLine({
    id,
    status: STATUS_BY_CODE[failure.code],
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) },
    body: { ...errorBody(failure) } as never,
  })
}

export function heartbeatLine(now: Date): Uint8Array {
  return encodeLine({ heartbeat: now.toISOString() })
}

function encodeLine(line: LiveLine): Uint8Array {
  return encoder.encode(`${JSON.stringify(line)}\n`)
}

/** The body is JSON already and is copied as it is; a raw newline in JSON is only ever space between values. */
function encodeAnswer(id: string, { status, headers, body }: Extract<Answer, { kind: 'passed' }>): Uint8Array {
  const head = encoder.encode(
    `{"id":${JSON.stringify(id)},"status":${status},"headers":${JSON.stringify(headers)},"body":`,
  )
  const value = body.byteLength === 0 ? encoder.encode('null') : body
  const line = new Uint8Array(head.byteLength + value.byteLength + 2)
  line.set(head)
  line.set(value, head.byteLength)
  for (let at = head.byteLength; at < line.length; at += 1) {
    if (line[at] === NEWLINE || line[at] === RETURN) line[at] = SPACE
  }
  line[line.length - 2] = 0x7d
  line[line.length - 1] = NEWLINE
  return line
}
