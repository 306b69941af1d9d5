import type { PgArray } from './arrays'
import { concatArrays, dimensionsOf, flatten } from './arrays'
import { addDays, addInterval, dateToMicros, DAY_MICROS, isInfinite, floorDivide, zoneOffsetMicros } from './datetime'
import type { Interval } from './datetime'
import { Decimal } from './decimal'
import { likeMatcher } from './like'
import { parseType } from './types'
import type { WhereType } from './types'
import { asText, comparator } from './values'
import type { Value } from './values'

/** Runs on values that are not null, unless the overload is not strict. */
export type Run = (...args: Value[]) => Value

export interface Overload {
  args: WhereType[]
  returns: WhereType
  /** Makes the function for the argument types that were chosen. */
  make: (types: WhereType[]) => Run
  /** Null as soon as one argument is. */
  isStrict: boolean
}

/** Operators and functions of the language, by `name/arity`: exactly production's. */
export const OPERATORS = new Map<string, Overload[]>()
export const FUNCTIONS = new Map<string, Overload[]>()

const NUMERIC = ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8']
const INTEGRAL = ['int2', 'int4', 'int8']

/** `int4 + int4 -> int4`, `- int4 -> int4` or `lower(text) -> text`. */
function define(signature: string, run: Run): void {
  defineMade(signature, () => run)
}

/** The same for functions that depend on the types chosen, or keep something of their own. */
function defineMade(signature: string, make: (types: WhereType[]) => Run, isStrict = true): void {
  const [call = '', returns = ''] = signature.split(' -> ')
  const isFunction = call.includes('(')
  const words = isFunction ? call.split(/[(), ]+/).filter(Boolean) : call.split(' ')
  const namePlace = !isFunction && words.length === 3 ? 1 : 0
  const args = words.filter((_, i) => i !== namePlace)
  const table = isFunction ? FUNCTIONS : OPERATORS
  const key = `${words[namePlace] ?? ''}/${String(args.length)}`
  table.set(key, [
    ...(table.get(key) ?? []),
    { args: args.map(parseType), returns: parseType(returns), make, isStrict },
  ])
}

const COMPARISONS: Record<string, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '>': (order) => order > 0,
  '<=': (order) => order <= 0,
  '>=': (order) => order >= 0,
}

for (const type of [...NUMERIC, 'text', 'uuid', 'date', 'time', 'timestamp', 'timestamptz', 'bool', 'interval']) {
  const compare = comparator(parseType(type))
  for (const [name, test] of Object.entries(COMPARISONS)) {
    if ((type === 'bool' || type === 'interval') && name !== '=' && name !== '<>') continue
    define(`${type} ${name} ${type} -> bool`, (a, b) => test(compare(a ?? null, b ?? null)))
  }
}
define('anyenum = anyenum -> bool', (a, b) => a === b)
define('anyenum <> anyenum -> bool', (a, b) => a !== b)

for (const type of NUMERIC) {
  define(`+ ${type} -> ${type}`, (a = null) => a)
  define(`- ${type} -> ${type}`, (a) => negate(a ?? null))
  define(`@ ${type} -> ${type}`, (a) => (isNegative(a ?? null) ? negate(a ?? null) : (a ?? null)))
  define(`${type} + ${type} -> ${type}`, (a, b) => add(a ?? null, b ?? null))
  define(`${type} - ${type} -> ${type}`, (a, b) => add(a ?? null, negate(b ?? null)))
}
for (const type of INTEGRAL) {
  define(`${type} / ${type} -> ${type}`, (a, b) => divide(a ?? null, b ?? null))
  define(`${type} & ${type} -> ${type}`, (a, b) => bitwise(a, b, (x, y) => x & y))
  define(`${type} | ${type} -> ${type}`, (a, b) => bitwise(a, b, (x, y) => x | y))
  define(`${type} # ${type} -> ${type}`, (a, b) => bitwise(a, b, (x, y) => x ^ y))
  define(`~ ${type} -> ${type}`, (a) => bitwise(a, a, (x) => ~x))
}
for (const type of NUMERIC.slice(3)) {
  // Only ever chosen as float8; numeric is converted on the way.
  if (type === 'float8') define('float8 / float8 -> float8', (a, b) => nonZero(Number(b)) && Number(a) / Number(b))
}
define('numeric ^ numeric -> numeric', (a, b) => Decimal.of((a as Decimal).toNumber() ** (b as Decimal).toNumber()))
define('float8 ^ float8 -> float8', (a, b) => Number(a) ** Number(b))
define('|/ float8 -> float8', (a) => Math.sqrt(Number(a)))

define('text || text -> text', (a, b) => asText(a) + asText(b))
define('lower(text) -> text', (a) => asText(a).toLowerCase())
define('upper(text) -> text', (a) => asText(a).toUpperCase())
for (const [name, isCaseless, isNegated] of [
  ['~~', false, false],
  ['~~*', true, false],
  ['!~~', false, true],
  ['!~~*', true, true],
] as const) {
  defineMade(`text ${name} text -> bool`, () => likeRun(isCaseless, isNegated))
}
defineMade('like(text, text) -> bool', () => likeRun(false, false))
defineMade('ilike(text, text) -> bool', () => likeRun(true, false))

/** Both orders of an operator whose sides differ. */
function defineBoth(left: string, operator: string, right: string, returns: string, run: Run): void {
  define(`${left} ${operator} ${right} -> ${returns}`, run)
  define(`${right} ${operator} ${left} -> ${returns}`, (b, a) => run(a ?? null, b ?? null))
}

function likeRun(isCaseless: boolean, isNegated: boolean): Run {
  const matches = likeMatcher(isCaseless, isNegated)
  return (text, pattern) => matches(text ?? null, pattern ?? null)
}

const big = (value: Value | undefined): bigint => value as bigint
const interval = (value: Value | undefined): Interval => value as Interval

defineBoth('date', '+', 'int8', 'date', (a, b) => addDays(big(a), big(b)))
define('date - date -> int8', (a, b) => finite(a) - finite(b))
define('date - int8 -> date', (a, b) => addDays(big(a), -big(b)))
defineBoth('date', '+', 'time', 'timestamp', (a, b) => addDays(dateToMicros(big(a)), big(b)))
defineBoth('date', '+', 'interval', 'timestamp', (a, b) => addInterval(dateToMicros(big(a)), interval(b), 1))
define('date - interval -> timestamp', (a, b) => addInterval(dateToMicros(big(a)), interval(b), -1))
for (const type of ['timestamp', 'timestamptz']) {
  defineBoth(type, '+', 'interval', type, (a, b) => addInterval(big(a), interval(b), 1))
  define(`${type} - interval -> ${type}`, (a, b) => addInterval(big(a), interval(b), -1))
  define(`${type} - ${type} -> interval`, (a, b) => {
    const micros = finite(a) - finite(b)
    return { months: 0, days: Number(micros / DAY_MICROS), micros: micros % DAY_MICROS }
  })
}
defineBoth('time', '+', 'interval', 'time', (a, b) => {
  const micros = big(a) + interval(b).micros
  return micros - floorDivide(micros, DAY_MICROS) * DAY_MICROS
})
define('interval + interval -> interval', (a, b) => addIntervals(interval(a), interval(b), 1))
define('interval - interval -> interval', (a, b) => addIntervals(interval(a), interval(b), -1))
defineBoth('interval', '*', 'float8', 'interval', (a, b) => scaleInterval(interval(a), Number(b)))
define('justify_days(interval) -> interval', (a) => justifyDays(interval(a)))
define('justify_hours(interval) -> interval', (a) => justifyHours(interval(a)))
define('justify_interval(interval) -> interval', (a) => justifyDays(justifyHours(interval(a))))
define('timezone(text, timestamp) -> timestamptz', (zone, at) =>
  isInfinite(big(at)) ? big(at) : big(at) - zoneOffset(asText(zone), big(at)),
)
define('timezone(text, timestamptz) -> timestamp', (zone, at) =>
  isInfinite(big(at)) ? big(at) : big(at) + zoneOffset(asText(zone), big(at)),
)

const list = (value: Value | undefined): PgArray<Value> => value as PgArray<Value>

for (const name of ['=', '<>']) {
  defineMade(`anyarray ${name} anyarray -> bool`, (types: WhereType[]) => {
    const compare = comparator(types[0] ?? parseType('text[]'))
    return (a = null, b = null) => (compare(a, b) === 0) === (name === '=')
  })
}
// NULL joined to an array is that array, so these take nulls.
const orEmpty = (value: Value | undefined): Value[] => (Array.isArray(value) ? value : [])
const joinArrays: Run = (a, b) => (a === null && b === null ? null : concatArrays<Value>(orEmpty(a), orEmpty(b)))
const prepend: Run = (a = null, b) => [a, ...orEmpty(b)]
const append: Run = (a, b = null) => [...orEmpty(a), b]
for (const [call, run] of [
  ['anycompatiblearray || anycompatiblearray', joinArrays],
  ['anycompatible || anycompatiblearray', prepend],
  ['anycompatiblearray || anycompatible', append],
  ['array_cat(anycompatiblearray, anycompatiblearray)', joinArrays],
  ['array_prepend(anycompatible, anycompatiblearray)', prepend],
  ['array_append(anycompatiblearray, anycompatible)', append],
] as const) {
  defineMade(`${call} -> anycompatiblearray`, () => run, false)
}
define('array_ndims(anyarray) -> int4', (a) => dimensionsOf(list(a)))
defineMade(
  'anyarray @> anyarray -> bool',
  containment((left, right) => [left, right]),
)
defineMade(
  'anyarray <@ anyarray -> bool',
  containment((left, right) => [right, left]),
)
defineMade('anyarray && anyarray -> bool', (types: WhereType[]) => {
  const isSame = sameItem(types[0])
  return (a, b) => {
    const right = flatten(list(b))
    return flatten(list(a)).some(
      (item) => item !== null && right.some((other) => other !== null && isSame(item, other)),
    )
  }
})

/** Which operand must hold all of the other; NULL is in no array. */
function containment(order: (left: Value, right: Value) => [Value, Value]): (types: WhereType[]) => Run {
  return (types) => {
    const isSame = sameItem(types[0])
    return (a, b) => {
      const [whole, part] = order(a ?? null, b ?? null)
      const items = flatten(list(whole))
      return flatten(list(part)).every(
        (item) => item !== null && items.some((other) => other !== null && isSame(item, other)),
      )
    }
  }
}

function sameItem(type: WhereType | undefined): (a: Value, b: Value) => boolean {
  const compare = comparator(type?.kind === 'array' ? type.of : parseType('text'))
  return (a, b) => compare(a, b) === 0
}

/** Nothing can be subtracted from infinity. */
function finite(value: Value | undefined): bigint {
  if (isInfinite(big(value))) throw new Error('cannot subtract infinite dates')
  return big(value)
}

function negate(value: Value): Value {
  return value instanceof Decimal ? value.negated() : typeof value === 'bigint' ? -value : -Number(value)
}

function isNegative(value: Value): boolean {
  return value instanceof Decimal ? value.compare(Decimal.of(0)) < 0 : Number(value) < 0
}

function add(a: Value, b: Value): Value {
  if (a instanceof Decimal && b instanceof Decimal) return a.plus(b)
  return typeof a === 'bigint' && typeof b === 'bigint' ? a + b : Number(a) + Number(b)
}

function divide(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a / b
  return nonZero(Number(b)) && Math.trunc(Number(a) / Number(b))
}

/** Division by zero is an error: the row is not in the shape. */
function nonZero(value: number): number {
  if (value === 0) throw new Error('division by zero')
  return value
}

function bitwise(a: Value | undefined, b: Value | undefined, run: (a: bigint, b: bigint) => bigint): Value {
  const found = run(BigInt(a as number), BigInt(b as number))
  return typeof a === 'bigint' ? found : Number(found)
}

function addIntervals(a: Interval, b: Interval, sign: 1 | -1): Interval {
  return {
    months: a.months + sign * b.months,
    days: a.days + sign * b.days,
    micros: a.micros + BigInt(sign) * b.micros,
  }
}

function scaleInterval(a: Interval, by: number): Interval {
  const months = a.months * by
  const days = a.days * by + (months - Math.trunc(months)) * 30
  return {
    months: Math.trunc(months),
    days: Math.trunc(days),
    micros: BigInt(Math.round(Number(a.micros) * by + (days - Math.trunc(days)) * Number(DAY_MICROS))),
  }
}

function justifyDays(a: Interval): Interval {
  const days = a.days % 30
  return { months: a.months + (a.days - days) / 30, days, micros: a.micros }
}

function justifyHours(a: Interval): Interval {
  const micros = a.micros % DAY_MICROS
  return { months: a.months, days: a.days + Number((a.micros - micros) / DAY_MICROS), micros }
}

function zoneOffset(zone: string, micros: bigint): bigint {
  const offset = zoneOffsetMicros(zone, micros)
  if (offset === null) throw new Error(`unknown time zone ${zone}`)
  return offset
}
