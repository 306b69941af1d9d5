import { setTimeout as delay } from 'node:timers/promises'

const EVERY_MS = 100
/** How long one question may take. */
const ASK_MS = 60_000

export type Probe = {
  url: string
  /** Gives up with an Error after this long. */
  limitMs: number
  signal: AbortSignal
}

/** Asks `url` until it answers 200; throws when the time is up or the signal aborts. */
export async function waitUntilOk({ url, limitMs, signal }: Probe): Promise<void> {
  const deadline = Date.now() + limitMs
  let last = 'nothing answered'
  while (Date.now() < deadline) {
    signal.throwIfAborted()
    last = await ask(url, signal)
    if (last === 'ok') return
    await delay(EVERY_MS, undefined, { signal })
  }
  throw new Error(`${url} was not ready within ${limitMs / 1000} s: ${last}`)
}

async function ask(url: string, signal: AbortSignal): Promise<string> {
  // Not AbortSignal.timeout: within AbortSignal.any Node 20 lets the garbage collector take it, and then it never fires.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), ASK_MS)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, late.signal]), redirect: 'manual' })
    const body = await response.text()
    return response.status === 200 ? 'ok' : `it answered ${response.status} ${body.slice(0, 300)}`
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? error.cause.message : 'nothing answered'
  } finally {
    clearTimeout(timer)
  }
}
