import { judge } from './contract'
import type { Measurement } from './measurement'

/** Names of the table's columns. */
export const OURS = 'ours'
export const REAL = 'real'
export const LIMIT = 'limit'

/** A quantile of a list of numbers, 0 for an empty one. */
export function quantile(values: number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? 0
}

/** p50 and p99 of a list of milliseconds. */
export function latencies(what: string, values: number[]): Measurement[] {
  return [
    { what: `${what}, p50`, unit: 'ms', value: quantile(values, 0.5) },
    { what: `${what}, p99`, unit: 'ms', value: quantile(values, 0.99) },
  ]
}

/** Prints engines side by side: the ratio of ours to each of the others, and beside it what it must be. Returns how many were missed. */
export function printTable(columns: Map<string, Measurement[]>): number {
  const others = [...columns.keys()].filter((name) => name !== OURS)
  const find = (name: string, what: string) => columns.get(name)?.find((one) => one.what === what)?.value
  let missed = 0
  const table = (columns.get(OURS) ?? []).map((ours) => {
    const cells: Record<string, string> = { what: `${ours.what} (${ours.unit})`, [OURS]: show(ours.value) }
    for (const name of others) {
      const other = find(name, ours.what)
      cells[name] = show(other)
      cells[`${OURS} / ${name}`] = other ? (ours.value / other).toFixed(2) : ''
    }
    const verdict = judge(ours, find(REAL, ours.what), find(LIMIT, ours.what))
    cells['must'] = verdict === null ? '' : `${verdict.must}${verdict.holds ? '' : '  MISSED'}`
    if (verdict?.holds === false) missed++
    return cells
  })
  console.table(table)
  return missed
}

function show(value: number | undefined): string {
  if (value === undefined) return ''
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(3)
}
