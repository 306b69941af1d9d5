import type { Json } from '@/lib/protocol/json'
import { isSameJson } from './equal'

/**
 * Merges two sets that grew apart from `base`: what either side added is in, what either side removed is out. The order is
 * theirs, then what only yours added.
 */
export function mergeUnion(base: readonly Json[], yours: readonly Json[], theirs: readonly Json[]): Json[] {
  const has = (set: readonly Json[], value: Json) => set.some((member) => isSameJson(member, value))
  const kept = theirs.filter((value) => has(yours, value) || !has(base, value))
  const added = yours.filter((value) => !has(base, value) && !has(theirs, value))
  return withoutRepeats([...kept, ...added])
}

function withoutRepeats(values: readonly Json[]): Json[] {
  return values.filter((value, index) => values.findIndex((other) => isSameJson(other, value)) === index)
}
