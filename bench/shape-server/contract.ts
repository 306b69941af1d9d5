import type { Measurement } from './measurement'

/** What a measure must reach. At least one bound; the first whose other side was measured too decides. */
interface Must {
  what: string
  /** Times the figure of the real server, where one was measured in the same run. */
  real?: number
  /** Times the figure of the bare fan-out: the bound above times what real and fan-out were once measured at, side by side. */
  limit?: number
  absolute?: number
  /** More is better. */
  isFloor?: true
}

const MUSTS: Must[] = [
  { what: 'start to active', absolute: 500 },
  { what: 'idle memory', absolute: 80 },
  { what: '1 client, long poll, p50', real: 0.6, limit: 3.3 },
  { what: '1000 clients, long poll, p50', real: 0.35, limit: 5.3 },
  { what: '1000 clients, long poll, p99', real: 0.35, limit: 3.6 },
  { what: '1000 clients, events, p50', real: 0.2, limit: 3.0 },
  { what: '1000 clients, events, p99', real: 0.2, limit: 3.0 },
  { what: 'transactions arrived', limit: 0.67, isFloor: true },
  { what: 'catch-up over 10000 changes', real: 0.6, limit: 1.8 },
  { what: '1000 shapes at 200 tx/s, p99', real: 1, limit: 11 },
  { what: '1000 shapes, server CPU per tx', real: 0.2, limit: 3.4 },
  { what: '1000 shapes, memory per shape with its reader', absolute: 25 },
  { what: 'snapshot, cold', real: 2, limit: 0.49, isFloor: true },
  { what: 'snapshot, second reader', real: 2, limit: 0.81, isFloor: true },
  { what: 'snapshot, memory growth', absolute: 100 },
  { what: 'restart on 100000 shapes', absolute: 5000 },
  { what: 'memory with 100000 shapes', absolute: 500 },
]

export interface Verdict {
  /** The bound, as it is printed. */
  must: string
  holds: boolean
}

/** Holds a figure of ours against its bound; null where it has none, or nothing to be compared with. */
export function judge(ours: Measurement, real: number | undefined, limit: number | undefined): Verdict | null {
  const must = MUSTS.find((candidate) => candidate.what === ours.what)
  if (!must) return null
  if (must.real !== undefined && real) return verdict(must, ours.value / real, must.real, ' × real')
  if (must.limit !== undefined && limit) return verdict(must, ours.value / limit, must.limit, ' × limit')
  return must.absolute === undefined ? null : verdict(must, ours.value, must.absolute, ` ${ours.unit}`)
}

function verdict({ isFloor }: Must, found: number, bound: number, unit: string): Verdict {
  return isFloor
    ? { must: `≥ ${String(bound)}${unit}`, holds: found >= bound }
    : { must: `≤ ${String(bound)}${unit}`, holds: found <= bound }
}
