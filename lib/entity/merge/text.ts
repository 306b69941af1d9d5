/**
 * Merges two texts that grew apart from `base`, line by line. Null when both sides changed the same lines in different ways: then a
 * person must decide. An empty column is a text of no lines.
 */
export function mergeText(
  base: string | null,
  yours: string | null,
  theirs: string | null,
): { text: string | null } | null {
  const baseLines = linesOf(base)
  const mine = hunksBetween(baseLines, linesOf(yours))
  const other = hunksBetween(baseLines, linesOf(theirs))
  if (!mine || !other) return null
  const hunks = unionOfHunks(mine, other)
  return hunks && { text: textOf(applyHunks(baseLines, hunks)) }
}

/** A change of the lines `start` up to (not including) `end`. An insertion has `start` = `end`. */
interface Hunk {
  start: number
  end: number
  lines: readonly string[]
}

/** Beyond this many changed lines two texts count as unrelated: the cost of comparing grows with its square. */
const CHANGED_LINES_MAX = 500

function linesOf(text: string | null): string[] {
  return text === null ? [] : text.split('\n')
}

function textOf(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.join('\n')
}

/** All hunks of both sides in order; null where two of them touch the same lines and are not the same change. */
function unionOfHunks(mine: readonly Hunk[], other: readonly Hunk[]): Hunk[] | null {
  const hunks = [...mine]
  for (const hunk of other) {
    const touching = mine.filter((each) => isOverlapping(each, hunk))
    if (touching.length === 0) hunks.push(hunk)
    else if (touching.length > 1 || !touching.every((each) => isSameHunk(each, hunk))) return null
  }
  // An insertion comes before a change of the line it precedes.
  return hunks.sort((a, b) => a.start - b.start || a.end - b.end)
}

function isOverlapping(a: Hunk, b: Hunk): boolean {
  if (a.start === a.end && b.start === b.end) return a.start === b.start
  return a.start < b.end && b.start < a.end
}

function isSameHunk(a: Hunk, b: Hunk): boolean {
  return (
    a.start === b.start &&
    a.end === b.end &&
    a.lines.length === b.lines.length &&
    a.lines.every((line, index) => line === b.lines[index])
  )
}

function applyHunks(base: readonly string[], hunks: readonly Hunk[]): string[] {
  const merged: string[] = []
  let at = 0
  for (const { start, end, lines } of hunks) {
    merged.push(...base.slice(at, start), ...lines)
    at = end
  }
  return [...merged, ...base.slice(at)]
}

/** What turns `before` into `after`, as few lines as possible (Myers 1986); null when that is too many. */
function hunksBetween(before: readonly string[], after: readonly string[]): Hunk[] | null {
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const shorter = Math.min(before.length, after.length) - head
  while (tail < shorter && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  const a = before.slice(head, before.length - tail)
  const b = after.slice(head, after.length - tail)
  const kept = keptLines(a, b)
  if (!kept) return null
  const hunks: Hunk[] = []
  let [x, y] = [0, 0]
  for (const [nextX, nextY] of [...kept, [a.length, b.length] as const]) {
    if (nextX > x || nextY > y) hunks.push({ start: head + x, end: head + nextX, lines: b.slice(y, nextY) })
    ;[x, y] = [nextX + 1, nextY + 1]
  }
  return hunks
}

/** Pairs of positions whose lines are kept, in order. */
function keptLines(a: readonly string[], b: readonly string[]): [number, number][] | null {
  if (a.length === 0 || b.length === 0) return []
  const limit = Math.min(a.length + b.length, CHANGED_LINES_MAX)
  const furthest = new Reach(limit + 1)
  furthest.set(1, 0)
  const trace: Reach[] = []
  for (let edits = 0; edits <= limit; edits++) {
    trace.push(furthest.copy(edits + 1))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const x = advance(a, b, diagonal, stepTo(furthest, diagonal, edits))
      furthest.set(diagonal, x)
      if (x >= a.length && x - diagonal >= b.length) return walkBack(trace, a.length, b.length)
    }
  }
  return null
}

/**
 * How far each diagonal from -`width` to `width` got; -1 where none did. Plain numbers in a row: a request may bring hundreds of texts
 * that have nothing in common, and must not hold up the process.
 */
class Reach {
  readonly #width: number
  readonly #at: Int32Array

  constructor(width: number, at = new Int32Array(2 * width + 1).fill(-1)) {
    this.#width = width
    this.#at = at
  }

  get(diagonal: number): number {
    return this.#at[diagonal + this.#width] ?? -1
  }

  set(diagonal: number, x: number): void {
    this.#at[diagonal + this.#width] = x
  }

  /** The diagonals in the middle, as they are now. */
  copy(width: number): Reach {
    return new Reach(width, this.#at.slice(this.#width - width, this.#width + width + 1))
  }
}

/** Where an edit arrives on a diagonal: an insertion from above or a deletion from the left, whichever is further. */
function stepTo(furthest: Reach, diagonal: number, edits: number): number {
  const above = furthest.get(diagonal + 1)
  const left = furthest.get(diagonal - 1)
  return diagonal === -edits || (diagonal !== edits && left < above) ? above : left + 1
}

function advance(a: readonly string[], b: readonly string[], diagonal: number, from: number): number {
  let x = from
  while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++
  return x
}

function walkBack(trace: readonly Reach[], endX: number, endY: number): [number, number][] {
  const kept: [number, number][] = []
  let [x, y] = [endX, endY]
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const furthest = trace[edits] ?? new Reach(1)
    const diagonal = x - y
    const start = stepTo(furthest, diagonal, edits)
    while (x > start && y > start - diagonal) kept.push([--x, --y])
    if (edits === 0) break
    const above = furthest.get(diagonal + 1)
    const left = furthest.get(diagonal - 1)
    const isInsertion = diagonal === -edits || (diagonal !== edits && left < above)
    if (isInsertion) y--
    else x--
  }
  return kept.reverse()
}
