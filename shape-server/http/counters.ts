/** The longest duration of each bucket of a histogram, in milliseconds. */
export const BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 5000, 30_000]

/** Durations, counted by size. */
export class Histogram {
  /** How many were at most as long as each bucket's limit. */
  readonly buckets = BUCKETS_MS.map(() => 0)
  count = 0
  sumMs = 0

  record(durationMs: number): void {
    this.count++
    this.sumMs += durationMs
    for (let i = BUCKETS_MS.length - 1; i >= 0 && durationMs <= (BUCKETS_MS[i] ?? 0); i--) {
      this.buckets[i] = (this.buckets[i] ?? 0) + 1
    }
  }
}

/** What requests did, counted. */
export class RequestMetrics {
  readonly byStatus = new Map<number, number>()
  readonly durations = new Histogram()
  private openCount = 0
  private changedAt = 0

  /** Requests that are under way. */
  get open(): number {
    return this.openCount
  }

  set open(count: number) {
    this.openCount = count
    this.changedAt = Date.now()
  }

  /** When a request was last under way. */
  get lastAt(): number {
    return this.openCount > 0 ? Date.now() : this.changedAt
  }

  /** Counts an answered request; null where it was held on purpose. */
  record(status: number, durationMs: number | null): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
    if (durationMs !== null) this.durations.record(durationMs)
  }
}
