import type { Json } from '@/lib/protocol/json'
import { unreachable } from '@/lib/protocol/unreachable'
import type { MergeStrategy } from '../define'
import { isSameJson } from './equal'
import { mergeList, readList } from './list'
import { mergeMax } from './max'
import { mergeText } from './text'
import { mergeUnion } from './union'

/** What becomes of one field: it `stands` as it is, `takes` a value, or both values `clash` and a person must decide. */
export type FieldMerge = { kind: 'stands' } | { kind: 'takes'; value: Json } | { kind: 'clash' }

/** `base` is what the writer had seen, `yours` what they want, `theirs` what stands now. */
export interface ThreeWay {
  base: Json
  yours: Json
  theirs: Json
}

/** Merges one field. Values must be in canonical form: what is equal in the column's type must be equal here. */
export function mergeField(strategy: MergeStrategy, { base, yours, theirs }: ThreeWay): FieldMerge {
  if (isSameJson(yours, theirs)) return { kind: 'stands' }
  // The one strategy that does not care what the writer had seen: a value never falls.
  if (strategy === 'max') return taking(mergeMax(yours, theirs), theirs)
  if (isSameJson(theirs, base)) return { kind: 'takes', value: yours }
  if (isSameJson(yours, base)) return { kind: 'stands' }
  return mergeBoth(strategy, { base, yours, theirs })
}

/** Both sides changed the field, to different values. */
function mergeBoth(strategy: Exclude<MergeStrategy, 'max'>, { base, yours, theirs }: ThreeWay): FieldMerge {
  switch (strategy) {
    case 'last-write-wins':
      return { kind: 'takes', value: yours }
    case 'ask':
      return { kind: 'clash' }
    case 'text': {
      if (!isText(base) || !isText(yours) || !isText(theirs)) return { kind: 'clash' }
      const merged = mergeText(base, yours, theirs)
      return merged ? taking(merged.text, theirs) : { kind: 'clash' }
    }
    case 'union': {
      if (!isSet(base) || !isSet(yours) || !isSet(theirs)) return { kind: 'clash' }
      return taking(mergeUnion(base ?? [], yours ?? [], theirs ?? []), theirs)
    }
    case 'list': {
      const [before, mine, other] = [readList(base), readList(yours), readList(theirs)]
      return before && mine && other ? taking(mergeList(before, mine, other), theirs) : { kind: 'clash' }
    }
    default:
      return unreachable(strategy)
  }
}

function taking(value: Json, theirs: Json): FieldMerge {
  return isSameJson(value, theirs) ? { kind: 'stands' } : { kind: 'takes', value }
}

function isText(value: Json): value is string | null {
  return value === null || typeof value === 'string'
}

function isSet(value: Json): value is Json[] | null {
  return value === null || Array.isArray(value)
}
