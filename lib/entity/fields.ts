import * as z from 'zod/mini'

/**
 * Column types of synced tables, as zod schemas that browser and server share. Each names what Postgres accepts for that
 * column, so that a value that passes here is never refused by the database for its form.
 */

/** Titles and names, in characters. */
export const NAME_MAX = 200
/** Every other text, in characters. */
export const TEXT_MAX = 50_000
export const LIST_MAX = 500
export const TAGS_MAX = 50
const INT4_MAX = 2_147_483_647

// Postgres refuses NUL in text, and encoding a lone surrogate as UTF-8 would silently change it.
const storable = z.refine<string>((text) => !text.includes('\u0000') && text.isWellFormed(), {
  error: 'contains a character that cannot be stored',
})

// zod's own checks of patterns, bounds and whole numbers would bring 0.6 KB to every browser: docs/decisions/0014-size-of-the-sync-layer.md
const matches = (pattern: RegExp, error: string) =>
  z.refine<string>((text) => pattern.test(text), { error, abort: true })

function boundedText(max: number) {
  return z.string().check(z.maxLength(max, { error: `is longer than ${max} characters` }), storable)
}

/** A title or name that must say something. */
export const requiredName = () =>
  boundedText(NAME_MAX).check(z.refine((text) => text.trim() !== '', { error: 'must not be empty' }))
/** A title or name that may be empty. */
export const name = () => boundedText(NAME_MAX)
/** Prose, up to `max` characters. */
export const text = (max = TEXT_MAX) => boundedText(max)

const encoder = new TextEncoder()

/** Refuses texts that are longer than so many kilobytes of 1024 bytes, as UTF-8. */
export const kilobytesAtMost = (kilobytes: number) =>
  z.refine<string>((value) => encoder.encode(value).length <= kilobytes * 1024, {
    error: `is longer than ${kilobytes} KB`,
  })

/** Refuses lists in which two items have the same id: an id names one item. */
export const distinctIds = () =>
  z.refine<unknown>((value) => !Array.isArray(value) || new Set(value.map(idOf)).size === value.length, {
    error: 'names an item twice',
  })

function idOf(item: unknown): unknown {
  return typeof item === 'object' && item !== null && 'id' in item ? item.id : item
}

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Any uuid, in the lower case Postgres prints. */
export const uuid = () =>
  z.string().check(
    matches(UUID_PATTERN, 'is not a uuid'),
    z.overwrite((value) => value.toLowerCase()),
  )

/** Whether a text is a uuid, in either case. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID_PATTERN.test(value)
}

const ISO_PATTERN = /^(?!0000)\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/

/** A point in time: ISO 8601 with a zone in, `2026-11-20T18:00:00.000Z` out. */
export const timestamp = () =>
  z.string().check(
    z.refine((value) => ISO_PATTERN.test(value) && !Number.isNaN(Date.parse(value)) && isDayOfMonth(value), {
      error: 'is not a time such as 2026-11-20T18:00:00.000Z',
      abort: true,
    }),
    z.overwrite((value) => new Date(value).toISOString()),
  )

/** `Date` reads the 30th of February as the 2nd of March. */
function isDayOfMonth(iso: string): boolean {
  const [year = 0, month = 0, day = 0] = iso.slice(0, 10).split('-').map(Number)
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
}

/** A number without fraction that JavaScript holds exactly. */
export const wholeNumber = () =>
  z.number().check(z.refine(Number.isSafeInteger, { error: 'is not a whole number', abort: true }))

/** A whole number that fits int4. */
export const integer = (min = -INT4_MAX, max = INT4_MAX) =>
  wholeNumber().check(z.refine((value) => value >= min && value <= max, { error: `is not from ${min} to ${max}` }))

/** An IANA time zone name, such as Europe/Berlin. */
export const timeZone = () =>
  boundedText(64).check(matches(/^[A-Za-z0-9_+\-/]+$/, 'is not a time zone such as Europe/Berlin'))

/** An ISO 4217 code, such as EUR. */
export const currency = () => z.string().check(matches(/^[A-Z]{3}$/, 'is not a currency such as EUR'))

/** A set of short texts. */
export const tags = (max = TAGS_MAX) => z.array(boundedText(NAME_MAX)).check(z.maxLength(max))

/** An ordered list of items, each with an id of its own. */
export const list = <Item extends z.ZodMiniType>(item: Item) => z.array(item).check(z.maxLength(LIST_MAX))

export const nullable = <Schema extends z.ZodMiniType>(schema: Schema) => z.nullable(schema)
