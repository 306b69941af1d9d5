import 'client-only'
import type { AnyEntity } from '@/lib/entity/define'
import { textIn, type JsonRow } from '@/lib/protocol/json'
import { isVersioned, leftOutRow, versionOf, type LeftOut, type Rows } from './rows'
import type { ShapeEvent } from './shape-state'

/** A page of older rows from the history door, newest first. */
export interface LoadedPage {
  rows: readonly JsonRow[]
  /** The rows of one conversation, one entity's changes; null for all. */
  group: { column: string; value: string } | null
  /** Nothing newer exists before this page. */
  isFirst: boolean
  /** The log began anew since older pages were loaded: they may have changed unseen. */
  dropsOlder: boolean
}

/** What a page from the history door does to a shape with these rows: rows that do not pass the schema are kept out. */
export function withPage(entity: AnyEntity, known: Rows, page: LoadedPage): Extract<ShapeEvent, { kind: 'history' }> {
  const leftOut: LeftOut[] = []
  const passed = page.rows.flatMap((candidate) => {
    const read = entity.row.safeParse(candidate)
    if (read.success) return [read.data]
    leftOut.push(leftOutRow(textIn(candidate, 'id'), read.error.issues))
    return []
  })
  return { kind: 'history', rows: mergeHistory(entity, known, { ...page, rows: passed }), leftOut }
}

/**
 * Merges a loaded page into the rows of a growing entity: the higher version wins. The first page says all there is
 * in its stretch of time, so rows of that stretch it does not name are gone; when nothing it names was known, a gap
 * lies behind it, and what was loaded beyond the gap goes too.
 */
function mergeHistory(entity: AnyEntity, known: Rows, page: LoadedPage): Rows {
  const rows = new Map(known)
  if (page.isFirst) for (const key of outdated(known, page)) rows.delete(key)
  for (const loaded of page.rows) {
    const key = textIn(loaded, 'id')
    const there = rows.get(key)
    if (there && isVersioned(entity) && versionOf(there) > versionOf(loaded)) continue
    rows.set(key, loaded)
  }
  return rows
}

function outdated(known: Rows, page: LoadedPage): string[] {
  const newest = page.rows.at(0)
  const oldest = page.rows.at(-1)
  const named = new Set(page.rows.map((row) => textIn(row, 'id')))
  const hasGap = page.rows.length > 0 && ![...named].some((key) => known.has(key))
  return [...known].flatMap(([key, row]) => {
    if (page.group && row[page.group.column] !== page.group.value) return []
    if (named.has(key)) return []
    if (!newest || !oldest) return page.dropsOlder ? [key] : []
    // Newer than the page: it arrived live after the page was read.
    if (isAfter(row, newest)) return []
    return isAfter(row, oldest) || hasGap || page.dropsOlder ? [key] : []
  })
}

function isAfter(row: JsonRow, other: JsonRow): boolean {
  const [at, otherAt] = [textIn(row, 'created_at'), textIn(other, 'created_at')]
  return at === otherAt ? textIn(row, 'id') > textIn(other, 'id') : at > otherAt
}
