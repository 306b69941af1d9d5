import { isJsonObject, type Json, type JsonRow } from '@/lib/protocol/json'
import { isSameJson } from './equal'

/** An item of an ordered list: anything with an id of its own. */
export type ListItem = JsonRow & { id: string }

/**
 * Merges two ordered lists that grew apart from `base`. Adds, removes and moves of both sides survive; an edit beats a remove; of two
 * edits of one item each key is merged for itself, and yours stands where both changed the same key. Where both moved the same item,
 * or put items in the same place, yours comes as you put it.
 *
 * The order is theirs, into which what you added or moved is put back after the item it follows in your list.
 */
export function mergeList(
  base: readonly ListItem[],
  yours: readonly ListItem[],
  theirs: readonly ListItem[],
): ListItem[] {
  const items = survivingItems(base, yours, theirs)
  const settled = new Set(unmovedIds(idsOf(base), idsOf(yours)))
  const yourIds = new Set(idsOf(yours))
  // An item you have not got stays where they have it: they added it, or edited what you removed.
  const isTheirsToPlace = (id: string) => settled.has(id) || !yourIds.has(id)
  const order = idsOf(theirs).filter((id) => items.has(id) && isTheirsToPlace(id))
  const placed = new Set(order)
  let previous: string | null = null
  for (const id of idsOf(yours)) {
    if (!items.has(id)) continue
    if (!placed.has(id)) {
      order.splice(previous === null ? 0 : order.indexOf(previous) + 1, 0, id)
      placed.add(id)
    }
    previous = id
  }
  return order.flatMap((id) => items.get(id) ?? [])
}

/** Recognises a list whose every item has an id of its own, each once; null for anything else. */
export function readList(value: Json): ListItem[] | null {
  if (value === null) return []
  if (!Array.isArray(value)) return null
  const ids = new Set<string>()
  for (const item of value) {
    if (!isJsonObject(item) || typeof item['id'] !== 'string' || ids.has(item['id'])) return null
    ids.add(item['id'])
  }
  return value as ListItem[]
}

function idsOf(items: readonly ListItem[]): string[] {
  return items.map((item) => item.id)
}

function survivingItems(
  base: readonly ListItem[],
  yours: readonly ListItem[],
  theirs: readonly ListItem[],
): Map<string, ListItem> {
  const [before, mine, other] = [base, yours, theirs].map((list) => new Map(list.map((item) => [item.id, item])))
  const survivors = new Map<string, ListItem>()
  for (const id of new Set([...idsOf(theirs), ...idsOf(yours)])) {
    const item = mergeItem(before?.get(id), mine?.get(id), other?.get(id))
    if (item) survivors.set(id, item)
  }
  return survivors
}

function mergeItem(
  base: ListItem | undefined,
  yours: ListItem | undefined,
  theirs: ListItem | undefined,
): ListItem | null {
  if (yours && theirs) return mergeKeys(base, yours, theirs)
  const left = yours ?? theirs
  if (!left) return null
  // One side removed it: gone, unless the other side edited it (or it is new there).
  return base && isSameJson(base, left) ? null : left
}

function mergeKeys(base: ListItem | undefined, yours: ListItem, theirs: ListItem): ListItem {
  const merged: JsonRow = {}
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(yours)])) {
    const isUnchangedByYou = base !== undefined && isSameJson(base[key], yours[key])
    const value = isUnchangedByYou ? theirs[key] : yours[key]
    if (value !== undefined) merged[key] = value
  }
  return { ...merged, id: yours.id }
}

/** The ids in both lists that kept their order to each other: as many as possible (longest increasing subsequence). */
function unmovedIds(before: readonly string[], after: readonly string[]): string[] {
  const position = new Map(before.map((id, index) => [id, index]))
  const common = after.filter((id) => position.has(id))
  // tails[n]: index in `common` of the last id of the best run of length n + 1; previous: the one before it.
  const tails: number[] = []
  const previous: number[] = []
  const at = (index: number | undefined) => position.get(common[index ?? -1] ?? '') ?? -1
  for (let index = 0; index < common.length; index++) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (at(tails[middle]) < at(index)) low = middle + 1
      else high = middle
    }
    previous[index] = low > 0 ? (tails[low - 1] ?? -1) : -1
    tails[low] = index
  }
  const run: string[] = []
  for (let index = tails.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) run.push(common[index] ?? '')
  return run.reverse()
}
