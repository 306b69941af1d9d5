import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import type { ShapeServerConfig } from '../config'
import type { Exchange } from './exchange'

type Kind = 'initial' | 'existing'

/** Bounds how many requests are under way: those that may start a snapshot, and those that only read. */
export class Admission {
  private readonly running = { initial: 0, existing: 0 }

  constructor(private readonly config: ShapeServerConfig) {}

  get counts(): Readonly<Record<Kind, number>> {
    return this.running
  }

  /** Lets a request in until `leave`; false when there is no room, and the request is answered. */
  enter(exchange: Exchange, kind: Kind): boolean {
    const limit = kind === 'initial' ? this.config.maxConcurrentInitial : this.config.maxConcurrentExisting
    if (this.running[kind] >= limit) {
      refuse(exchange, kind, limit)
      return false
    }
    exchange.admittedAs = kind
    this.running[kind]++
    return true
  }

  /** A request that was let in does not wait for a snapshot any more. */
  becomeExisting(exchange: Exchange): void {
    if (exchange.admittedAs !== 'initial') return
    exchange.admittedAs = 'existing'
    this.running.initial--
    this.running.existing++
  }

  /** The request's response has closed. */
  leave(exchange: Exchange): void {
    if (exchange.admittedAs !== null) this.running[exchange.admittedAs]--
    exchange.admittedAs = null
  }
}

function refuse(exchange: Exchange, kind: Kind, limit: number): void {
  // Spread, so that those who were refused together do not come back together.
  const retryAfterSeconds = 6 + Math.floor(Math.random() * 5)
  exchange.sendJson(
    503,
    {
      code: 'concurrent_request_limit_exceeded',
      message: `Concurrent ${kind} request limit exceeded (limit: ${String(limit)}), please retry`,
    },
    ['retry-after', String(retryAfterSeconds), ELECTRIC_HEADERS.knownError, 'true'],
  )
}
