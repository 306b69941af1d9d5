import type * as z from 'zod/mini'
import type { Json } from '@/lib/protocol/json'

/** Values of every kind of column, two of each; a schema takes the first that passes it. */
const CANDIDATES: readonly (readonly [Json, Json])[] = [
  ['Sample', 'Changed'],
  ['EUR', 'USD'],
  ['2026-05-01T18:00:00.000Z', '2027-05-01T18:00:00.000Z'],
  ['5a000000-0000-4000-8000-000000000001', '5a000000-0000-4000-8000-000000000002'],
  [1, 2],
  [['one'], ['one', 'two']],
  [[], []],
  [true, false],
  [{}, { a: 1 }],
]

/** A value that the schema accepts: the `nth` (0 or 1) of its kind. */
export function sampleValue(schema: z.ZodMiniType, nth: 0 | 1): Json {
  const words = wordsOf(schema)
  if (words !== null) return words[Math.min(nth, words.length - 1)] ?? null
  const pair = CANDIDATES.find(([first]) => schema.safeParse(first).success)
  if (!pair) throw new Error(`no sample value passes a ${schema._zod.def.type} schema: add one to CANDIDATES`)
  return pair[nth]
}

/** The words of an enumeration, nullable or not; null for every other schema. */
export function wordsOf(schema: z.ZodMiniType): string[] | null {
  const { def } = schema._zod
  if ('entries' in def && typeof def.entries === 'object' && def.entries !== null) return Object.keys(def.entries)
  if ('innerType' in def) return wordsOf(def.innerType as z.ZodMiniType)
  return null
}
