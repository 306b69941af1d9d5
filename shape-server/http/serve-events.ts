import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import { SEPARATOR, upToDateMessage } from '../encoding/message'
import type { Service } from '../service'
import type { Shape, Wake } from '../shapes/shape'
import { formatPosition } from '../storage/position'
import type { Position } from '../storage/position'
import type { LogRange } from '../storage/shape-log'
import type { Exchange } from './exchange'
import type { HeaderList } from './headers'

/**
 * A stream of events that stays open: each batch of changes ends with an up-to-date event. Where later transactions were waiting already,
 * they are sent and the response ends, so that a CDN can keep it. The rest of the reader's own transaction is sent as well, but ends
 * nothing: a reader of events knows its place by transaction only, has most likely seen it, and would ask for it again for ever.
 */
export async function serveEvents(
  service: Service,
  exchange: Exchange,
  shape: Shape,
  start: Position,
  headers: HeaderList,
): Promise<void> {
  const endsAfterData = shape.log.end.tx > start.tx
  exchange.begin(200, [...headers, ELECTRIC_HEADERS.hasData, 'true', 'connection', 'keep-alive'], 'text/event-stream')
  if (exchange.method === 'HEAD') return
  exchange.response.flushHeaders()
  const deadline = Date.now() + service.config.sseTimeoutMs
  let after = start
  for (;;) {
    while (!shape.isRemoved && shape.log.hasAfter(after)) {
      const range = shape.log.read(after)
      if (!(await sendBatch(exchange, shape, after, range))) return
      after = range.end
    }
    if (endsAfterData || shape.isRemoved) break
    const waited = await waitOrKeepAlive(service, exchange, shape, after, deadline)
    if (waited === 'end') break
    if (waited === 'gone') return
  }
  exchange.response.end()
}

/** False when the reader is gone. */
async function sendBatch(exchange: Exchange, shape: Shape, after: Position, range: LogRange): Promise<boolean> {
  const tail = range.isAtEnd ? eventText(upToDateMessage(range.end.tx)) : ''
  if (range.bytes.kind === 'memory') {
    const key = `sse ${formatPosition(after)} ${formatPosition(range.end)}`
    if (shape.lastEvents?.key !== key) {
      const body = Buffer.from(itemsToEvents(Buffer.concat(range.bytes.parts).toString('utf8')) + tail)
      shape.lastEvents = { key, bytes: body }
    }
    return exchange.write(shape.lastEvents.bytes)
  }
  // Items do not end where pieces do, so the text is cut at separators, and the rest goes in front of the next piece.
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of shape.log.stream(range.bytes.from, range.bytes.to)) {
    rest += decoder.decode(piece, { stream: true })
    const cut = rest.lastIndexOf(SEPARATOR)
    if (cut <= 0) continue
    if (!(await exchange.write(itemsToEvents(rest.slice(0, cut))))) return false
    rest = rest.slice(cut)
  }
  return exchange.write((rest === '' ? '' : itemsToEvents(rest)) + tail)
}

/** Stored items as events. JSON holds no raw newline, so the separator is found in no item. */
function itemsToEvents(items: string): string {
  return items.slice(SEPARATOR.length).split(SEPARATOR).map(eventText).join('')
}

function eventText(message: string): string {
  return `data: ${message}\n\n`
}

async function waitOrKeepAlive(
  service: Service,
  exchange: Exchange,
  shape: Shape,
  after: Position,
  deadline: number,
): Promise<'changed' | 'end' | 'gone'> {
  for (;;) {
    const leftMs = deadline - Date.now()
    if (leftMs <= 0) return 'end'
    const waited = await waitForChange(shape, after, Math.min(leftMs, service.config.sseKeepaliveMs), exchange)
    if (waited === 'gone') return 'gone'
    if (waited === 'changed') return 'changed'
    if (waited !== 'timeout') return 'end'
    if (Date.now() < deadline && !(await exchange.write(': keep-alive\n\n'))) return 'gone'
  }
}

type Waited = Wake | 'timeout' | 'gone'

/** Resolves when the log has something after a position, or never will, or it took too long. */
export function waitForChange(shape: Shape, after: Position, timeoutMs: number, exchange: Exchange): Promise<Waited> {
  return new Promise((resolve) => {
    const finish = (waited: Waited) => {
      clearTimeout(timer)
      shape.waiters.delete(onWake)
      exchange.tellWhenGone(null)
      resolve(waited)
    }
    const onWake = (wake: Wake) => {
      if (wake !== 'changed' || shape.log.hasAfter(after)) finish(wake)
    }
    const timer = setTimeout(finish, timeoutMs, 'timeout')
    shape.waiters.add(onWake)
    exchange.tellWhenGone(() => finish('gone'))
    if (exchange.isGone) finish('gone')
    else if (shape.isRemoved) finish('removed')
    else if (shape.log.hasAfter(after)) finish('changed')
  })
}
