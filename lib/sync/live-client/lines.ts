import 'client-only'
import { isJsonObject } from '@/lib/protocol/json'

/** One line about a shape: what the sync service answered for it. */
export interface ShapeLine {
  id: string
  status: number
  headers: Record<string, string>
  /** The body as JSON text. */
  body: string
}

export type ParsedLine = { kind: 'heartbeat' } | { kind: 'shape'; line: ShapeLine }

/** Reads a line of the live door; null for anything else, such as what a captive portal would say. */
export function parseLine(text: string): ParsedLine | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (!isJsonObject(value)) return null
  if (typeof value['heartbeat'] === 'string') return { kind: 'heartbeat' }
  const { id, status, headers, body } = value
  if (typeof id !== 'string' || typeof status !== 'number' || !isJsonObject(headers) || body === undefined) return null
  const texts: Record<string, string> = {}
  for (const [name, each] of Object.entries(headers)) {
    if (typeof each === 'string') texts[name] = each
  }
  return { kind: 'shape', line: { id, status, headers: texts, body: JSON.stringify(body) } }
}

/** Splits a body into lines as it comes. The last one may come without its newline. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let pending: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const [first = '', ...rest] = (done ? decoder.decode() : decoder.decode(value, { stream: true })).split('\n')
      pending.push(first)
      for (const next of rest) {
        yield* nonEmpty(pending.join(''))
        pending = [next]
      }
      if (done) {
        yield* nonEmpty(pending.join(''))
        return
      }
    }
  } finally {
    reader.releaseLock()
  }
}

function nonEmpty(line: string): string[] {
  return line.trim() === '' ? [] : [line]
}
