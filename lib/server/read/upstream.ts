import 'server-only'
import type { Failure } from '@/lib/protocol/errors'
import { isJsonObject } from '@/lib/protocol/json'
import { ELECTRIC_PARAMS } from '@/lib/protocol/names'
import { invalid } from './shape-query'

/** What the sync service said, as far as a reader may see it. */
export type Answer =
  { kind: 'passed'; status: number; headers: Record<string, string>; body: Uint8Array } | FailedAnswer
/** The same with a body that is still coming. */
export type StreamedAnswer =
  | { kind: 'passed'; status: number; headers: Record<string, string>; body: ReadableStream<Uint8Array> | null }
  | FailedAnswer
type FailedAnswer = { kind: 'failed'; failure: Failure }

const PASSED_STATUSES: ReadonlySet<number> = new Set([200, 304, 409])
const RETRY_SECONDS = 2
const RETRY_SECONDS_MAX = 3600
/** Electric holds a long poll for 20 s and gives a snapshot 30 s to begin: who has not answered by then hangs. */
const HEAD_MS_MAX = 60_000
const ERROR_BODY_BYTES_MAX = 64 * 1024
/** A connection that the other side closed while we believed it open. */
const RESET_CODES: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Asks the sync service and hands the body on as it comes, once it begins to. Rejects only with the signal's abort. */
export async function streamUpstream(
  url: URL,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<StreamedAnswer> {
  return askUpstream(signal, async () => {
    const response = await ask(url, signal, headers)
    if (!PASSED_STATUSES.has(response.status)) return rewrite(response)
    const body = await begun(response, signal)
    return { kind: 'passed', status: response.status, headers: passedHeaders(response.headers), body }
  })
}

/**
 * A body whose first bytes are here: what breaks before them is still ours to repeat. It is being read from now on, because Node cancels
 * the body that nobody reads when the garbage collector takes its response (undici's `streamRegistry`).
 */
async function begun({ body }: Response, signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null> {
  if (!body) return null
  const pieces = new Pieces(body, signal)
  let next = await pieces.next()
  return new ReadableStream({
    async pull(controller) {
      if (next === null) return controller.close()
      controller.enqueue(next)
      next = await pieces.next()
    },
    cancel: (reason) => pieces.cancel(reason),
  })
}

/**
 * Reads a body piece by piece until the signal aborts. Told to the body itself, because fetch forgets the signal of a body that is
 * still coming once the garbage collector has taken its request (Node 20), and would wait for as long as upstream does.
 */
class Pieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #signal: AbortSignal

  constructor(body: ReadableStream<Uint8Array>, signal: AbortSignal) {
    this.#reader = body.getReader()
    this.#signal = signal
    const leave = () => void this.cancel(signal.reason).catch(() => {})
    const forget = () => signal.removeEventListener('abort', leave)
    signal.addEventListener('abort', leave)
    this.#reader.closed.then(forget, forget)
    if (signal.aborted) leave()
  }

  /** Null at the end. Rejects with the signal's abort, or where the body breaks. */
  async next(): Promise<Uint8Array | null> {
    const { value } = await this.#reader.read()
    // A body that was left has no more pieces, which is not its end.
    this.#signal.throwIfAborted()
    return value ?? null
  }

  cancel(reason: unknown): Promise<void> {
    return this.#reader.cancel(reason)
  }
}

/** Asks the sync service and reads the answer whole. Rejects only with the signal's abort. */
export async function readUpstream(url: URL, signal: AbortSignal): Promise<Answer> {
  return askUpstream(signal, async () => {
    const response = await ask(url, signal, {})
    if (!PASSED_STATUSES.has(response.status)) return rewrite(response)
    const body = await readWhole(response, signal)
    return { kind: 'passed', status: response.status, headers: passedHeaders(response.headers), body }
  })
}

async function readWhole({ body }: Response, signal: AbortSignal): Promise<Uint8Array> {
  const read: Uint8Array[] = []
  if (body) {
    const pieces = new Pieces(body, signal)
    for (let piece = await pieces.next(); piece; piece = await pieces.next()) read.push(piece)
  }
  return Buffer.concat(read)
}

/** Asks for the head of an answer; gives up with the signal, or where it does not come in time. */
async function ask(url: URL, signal: AbortSignal, headers: Record<string, string>): Promise<Response> {
  signal.throwIfAborted()
  const asking = new AbortController()
  const leave = () => asking.abort(signal.reason)
  signal.addEventListener('abort', leave)
  const late = setTimeout(() => asking.abort(new Error('no answer began in time')), HEAD_MS_MAX)
  try {
    return await fetch(url, { signal: asking.signal, headers, cache: 'no-store', redirect: 'error' })
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', leave)
  }
}

/**
 * Repeats the attempt once after a reset: the sync service closes each kept connection after 50 requests without a word,
 * and a GET changes nothing. Whatever else goes wrong on the way may pass.
 */
async function askUpstream<T>(
  signal: AbortSignal,
  attempt: () => Promise<T | FailedAnswer>,
): Promise<T | FailedAnswer> {
  for (let isRetry = false; ; isRetry = true) {
    try {
      return await attempt()
    } catch (error) {
      signal.throwIfAborted()
      if (isReset(error) && !isRetry) continue
      console.error('The sync service did not answer.', error)
      return { kind: 'failed', failure: unavailable(RETRY_SECONDS) }
    }
  }
}

/** Whether a failed fetch met a connection that was already closed; told by code, along the chain of causes. */
export function isReset(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && RESET_CODES.has(at.code)) return true
  }
  return false
}

// Named, because everything else (connection, encoding, length, cors) is between us and the sync service.
const PASSED_HEADERS: ReadonlySet<string> = new Set(['content-type', 'etag', 'retry-after'])

function passedHeaders(headers: Headers): Record<string, string> {
  const passed: Record<string, string> = {}
  headers.forEach((value, name) => {
    if (PASSED_HEADERS.has(name) || name.startsWith('electric-')) passed[name] = value
  })
  return passed
}

/** An answer that readers cannot use, in words of our own; the service's go to the log. */
async function rewrite(response: Response): Promise<FailedAnswer> {
  const text = await readStart(response)
  const issues = response.status === 400 ? positionIssues(text) : []
  if (issues.length > 0) return { kind: 'failed', failure: invalid(issues) }
  console.error(`The sync service answered ${response.status}: ${text.slice(0, 1_000)}`)
  return { kind: 'failed', failure: unavailable(retryAfterSeconds(response.headers.get('retry-after'))) }
}

/** What a 400 says about the parts that come from the reader; empty when the fault is in what we sent. */
function positionIssues(text: string): string[] {
  const errors = errorsOf(text)
  if (!errors) return []
  const ours = [ELECTRIC_PARAMS.offset, ELECTRIC_PARAMS.handle, ELECTRIC_PARAMS.live] as const
  if (Object.keys(errors).some((name) => !ours.some((known) => known === name))) return []
  return ours.filter((name) => name in errors).map((name) => `${name}: is not one that this shape ever gave out`)
}

function errorsOf(text: string): Record<string, unknown> | null {
  try {
    const body: unknown = JSON.parse(text)
    return isJsonObject(body) && isJsonObject(body['errors']) ? body['errors'] : null
  } catch {
    return null
  }
}

async function readStart(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > ERROR_BODY_BYTES_MAX) break
  }
  return text
}

function retryAfterSeconds(header: string | null): number {
  const seconds = Number(header)
  return header !== null && seconds > 0 ? Math.min(seconds, RETRY_SECONDS_MAX) : RETRY_SECONDS
}

export function unavailable(retryAfterSeconds: number): Failure {
  return {
    code: 'unavailable',
    message: 'Live data is not available right now. It will be tried again.',
    retryAfterSeconds,
  }
}
