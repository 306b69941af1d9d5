/** One line of the table. */
export interface Measurement {
  what: string
  unit: string
  value: number
}

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

/** Prints engines side by side, with the ratio of ours to each of the others. */
export function printTable(columns: Map<string, Measurement[]>): void {
  const names = [...columns.keys()]
  const rows = [...new Set([...columns.values()].flat().map((one) => `${one.what} (${one.unit})`))]
  const find = (name: string, row: string) =>
    columns.get(name)?.find((one) => `${one.what} (${one.unit})` === row)?.value
  const others = names.filter((name) => name !== 'ours')
  const table = rows.map((row) => {
    const ours = find('ours', row)
    const cells: Record<string, string> = { what: row }
    for (const name of names) cells[name] = show(find(name, row))
    for (const name of others) {
      const other = find(name, row)
      cells[`ours / ${name}`] = ours === undefined || !other ? '' : (ours / other).toFixed(2)
    }
    return cells
  })
  console.table(table)
}

function show(value: number | undefined): string {
  if (value === undefined) return ''
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(3)
}
