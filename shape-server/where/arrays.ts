/** Postgres arrays in text form, and what clauses do with them. */

export type PgArray<T> = (T | null | PgArray<T>)[]

/** Reads `{a,NULL,"b c",{…}}`; null when it is malformed. */
export function parseArray<T>(text: string, readItem: (text: string) => T | null): PgArray<T> | null {
  const open = text.indexOf('{')
  if (
    open === -1 ||
    (open > 0 && !/^\s*(\[-?\d+:-?\d+\])+=\s*$/.test(text.slice(0, open)) && text.slice(0, open).trim() !== '')
  )
    return null
  const state = { at: open }
  const found = readLevel(text, state, readItem)
  return found && text.slice(state.at).trim() === '' ? found : null
}

function readLevel<T>(text: string, state: { at: number }, readItem: (text: string) => T | null): PgArray<T> | null {
  const items: PgArray<T> = []
  state.at++
  skipSpace(text, state)
  if (text[state.at] === '}') {
    state.at++
    return items
  }
  for (;;) {
    skipSpace(text, state)
    if (text[state.at] === '{') {
      const inner = readLevel(text, state, readItem)
      if (!inner) return null
      items.push(inner)
    } else {
      const item = readScalar(text, state)
      if (item === null) return null
      const value = item.isNull ? null : readItem(item.text)
      if (value === null && !item.isNull) return null
      items.push(value)
    }
    skipSpace(text, state)
    const next = text[state.at++]
    if (next === '}') return items
    if (next !== ',') return null
  }
}

function readScalar(text: string, state: { at: number }): { text: string; isNull: boolean } | null {
  if (text[state.at] === '"') {
    let value = ''
    for (state.at++; state.at < text.length; state.at++) {
      const char = text[state.at] ?? ''
      if (char === '"') {
        state.at++
        return { text: value, isNull: false }
      }
      value += char === '\\' ? (text[++state.at] ?? '') : char
    }
    return null
  }
  let value = ''
  for (; state.at < text.length; state.at++) {
    const char = text[state.at] ?? ''
    if (char === ',' || char === '}') break
    if (char === '{' || char === '"') return null
    value += char === '\\' ? (text[++state.at] ?? '') : char
  }
  value = value.trim()
  return value === '' ? null : { text: value, isNull: value.toUpperCase() === 'NULL' }
}

function skipSpace(text: string, state: { at: number }): void {
  while (/\s/.test(text[state.at] ?? '')) state.at++
}

/** All elements, whatever the nesting. */
export function flatten<T>(array: PgArray<T>): (T | null)[] {
  return array.flatMap((item) => (Array.isArray(item) ? flatten(item) : [item]))
}

export function dimensionsOf<T>(array: PgArray<T>): number | null {
  const first = array[0]
  if (array.length === 0) return null
  return Array.isArray(first) ? 1 + (dimensionsOf(first) ?? 0) : 1
}

/** Element at subscripts counted from 1; null outside. */
export function elementAt<T>(array: PgArray<T>, subscripts: number[]): T | null {
  let found: T | null | PgArray<T> = array
  for (const subscript of subscripts) {
    if (!Array.isArray(found)) return null
    found = found[subscript - 1] ?? null
  }
  return Array.isArray(found) ? null : found
}

/** A slice in each dimension; bounds are counted from 1 and kept inside. */
export function sliceOf<T>(array: PgArray<T>, bounds: [number | null, number | null][]): PgArray<T> {
  const [first, ...rest] = bounds
  if (!first) return array
  const from = Math.max(1, first[0] ?? 1)
  const to = Math.min(array.length, first[1] ?? array.length)
  const items = from > to ? [] : array.slice(from - 1, to)
  return rest.length === 0 ? items : items.map((item) => (Array.isArray(item) ? sliceOf(item, rest) : item))
}

/** `||` of two arrays; one dimension apart, the smaller becomes an element. */
export function concatArrays<T>(left: PgArray<T>, right: PgArray<T>): PgArray<T> {
  const [a, b] = [dimensionsOf(left) ?? 0, dimensionsOf(right) ?? 0]
  if (a === 0) return right
  if (b === 0) return left
  if (a === b) return [...left, ...right]
  return a < b ? [left, ...right] : [...left, right]
}
