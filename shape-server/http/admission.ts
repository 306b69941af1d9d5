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

  /** Lets a request in until its response closes; null when there is no room, and the request is answered. */
  enter(exchange: Exchange, kind: Kind): { becomeExisting(): void } | null {
    const limit = kind === 'initial' ? this.config.maxConcurrentInitial : this.config.maxConcurrentExisting
    if (this.running[kind] >= limit) {
      refuse(exchange, kind, limit)
      return null
    }
    let counted = kind
    this.running[kind]++
    exchange.response.once('close', () => this.running[counted]--)
    return {
      becomeExisting: () => {
        if (counted === 'existing' || exchange.response.closed) return
        counted = 'existing'
        this.running.initial--
        this.running.existing++
      },
    }
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
