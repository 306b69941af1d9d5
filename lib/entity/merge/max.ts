import type { Json } from '@/lib/protocol/json'

/** The greater of two numbers or texts; null is below everything. Commutes, associates, and never falls. */
export function mergeMax(yours: Json, theirs: Json): Json {
  if (yours === null) return theirs
  if (theirs === null) return yours
  return yours > theirs ? yours : theirs
}
