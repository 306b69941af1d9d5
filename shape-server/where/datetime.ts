/** Dates and times: dates in days, times in microseconds of the day, timestamps in microseconds since 1970 (UTC). */

export const DAY_MICROS = 86_400_000_000n
// Larger and smaller than every finite date, as Postgres orders them.
const FOREVER = 10n ** 30n

export interface Interval {
  months: number
  days: number
  micros: bigint
}

const TIMESTAMP =
  /^\s*(\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?\s*( BC)?\s*$/i

interface TimestampParts {
  micros: bigint
  hasTime: boolean
  zoneMicros: bigint | null
}

function parseParts(text: string): TimestampParts | null {
  const match = TIMESTAMP.exec(text)
  if (!match) return null
  const year = match[9] ? 1 - Number(match[1]) : Number(match[1])
  const month = Number(match[2])
  const day = Number(match[3])
  const at = new Date(0)
  at.setUTCFullYear(year, month - 1, day)
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return null
  const clock = clockMicros(match[4], match[5], match[6], match[7])
  if (clock === null) return null
  return {
    micros: BigInt(at.getTime()) * 1000n + clock,
    hasTime: match[4] !== undefined,
    zoneMicros: match[8] === undefined ? null : zoneMicros(match[8]),
  }
}

function clockMicros(hour = '0', minute = '0', second = '0', fraction = ''): bigint | null {
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second)
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6) || '0')
}

function zoneMicros(zone: string): bigint {
  if (/^z$/i.test(zone)) return 0n
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0')
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6))
  return BigInt(zone.startsWith('-') ? -seconds : seconds) * 1_000_000n
}

function infinite(text: string): bigint | null {
  if (text === 'infinity') return FOREVER
  return text === '-infinity' ? -FOREVER : null
}

/** A `timestamptz` as Postgres writes it, in UTC. */
export function readTimestamp(text: string): bigint | null {
  const special = infinite(text)
  if (special !== null) return special
  const parts = parseParts(text)
  return parts && parts.micros - (parts.zoneMicros ?? 0n)
}

/** A `timestamptz` constant: ISO 8601 with time and offset, as production demands. */
export function parseTimestamptz(text: string): bigint | null {
  if (text === 'epoch') return 0n
  const parts = /:\d\d:/.test(text) ? parseParts(text) : null
  return parts?.hasTime && parts.zoneMicros !== null ? parts.micros - parts.zoneMicros : null
}

/** A `timestamp` constant: ISO 8601 with time; an offset means nothing. */
export function parseTimestamp(text: string): bigint | null {
  if (text === 'epoch') return 0n
  const parts = /:\d\d:/.test(text) ? parseParts(text) : null
  return parts?.hasTime ? parts.micros : null
}

/** A date, in days. */
export function parseDate(text: string): bigint | null {
  if (text === 'epoch') return 0n
  const special = infinite(text)
  if (special !== null) return special
  const parts = parseParts(text)
  return parts && !parts.hasTime && parts.zoneMicros === null ? parts.micros / DAY_MICROS : null
}

/** A time of day, in microseconds. */
export function parseTime(text: string): bigint | null {
  const match = /^\s*T?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s*(AM|PM)?\s*$/i.exec(text)
  if (!match) return null
  const clock = clockMicros(match[1], match[2], match[3], match[4])
  if (clock === null || match[5] === undefined) return clock
  if (Number(match[1]) > 12) return null
  return match[5].toUpperCase() === 'PM' ? (clock + DAY_MICROS / 2n) % DAY_MICROS : clock
}

const UNIT_MONTHS: Record<string, number> = {
  mon: 1,
  month: 1,
  year: 12,
  y: 12,
  decade: 120,
  century: 1200,
  millennium: 12_000,
}
const UNIT_DAYS: Record<string, number> = { day: 1, d: 1, week: 7, w: 7 }
const UNIT_MICROS: Record<string, number> = {
  hour: 3.6e9,
  h: 3.6e9,
  min: 6e7,
  minute: 6e7,
  m: 6e7,
  sec: 1e6,
  second: 1e6,
  s: 1e6,
  millisecond: 1e3,
  ms: 1e3,
  microsecond: 1,
  us: 1,
}

/** An interval in ISO 8601 (`P1DT2H`) or Postgres's words (`1 day 02:00:00`). */
export function parseInterval(text: string): Interval | null {
  const iso =
    /^\s*P(?:(-?[\d.]+)Y)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)W)?(?:(-?[\d.]+)D)?(?:T(?:(-?[\d.]+)H)?(?:(-?[\d.]+)M)?(?:(-?[\d.]+)S)?)?\s*$/.exec(
      text,
    )
  if (iso) {
    const [years, months, weeks, days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0))
    return build(
      (years ?? 0) * 12 + (months ?? 0),
      (weeks ?? 0) * 7 + (days ?? 0),
      (hours ?? 0) * 3.6e9 + (minutes ?? 0) * 6e7 + (seconds ?? 0) * 1e6,
    )
  }
  let months = 0
  let days = 0
  let micros = 0
  let found = false
  const rest = text
    .replace(
      /([+-]?)(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?/,
      (_, sign: string, hour: string, minute: string, second: string | undefined) => {
        found = true
        micros += (sign === '-' ? -1 : 1) * (Number(hour) * 3.6e9 + Number(minute) * 6e7 + Number(second ?? 0) * 1e6)
        return ''
      },
    )
    .replace(/([+-]?[\d.]+)\s*([a-z]+)/gi, (whole, amount: string, word: string) => {
      const unit = word.toLowerCase()
      const singular = unit.length > 2 && unit.endsWith('s') ? unit.slice(0, -1) : unit
      found = true
      if (singular in UNIT_MONTHS) months += Number(amount) * (UNIT_MONTHS[singular] ?? 0)
      else if (singular in UNIT_DAYS) days += Number(amount) * (UNIT_DAYS[singular] ?? 0)
      else if (singular in UNIT_MICROS) micros += Number(amount) * (UNIT_MICROS[singular] ?? 0)
      else return whole
      return ''
    })
  return found && rest.trim() === '' ? build(months, days, micros) : null
}

function build(months: number, days: number, micros: number): Interval | null {
  if ([months, days, micros].some(Number.isNaN)) return null
  const wholeMonths = Math.trunc(months)
  const allDays = days + (months - wholeMonths) * 30
  const wholeDays = Math.trunc(allDays)
  return { months: wholeMonths, days: wholeDays, micros: BigInt(Math.round(micros + (allDays - wholeDays) * 8.64e10)) }
}

/** A month counts 30 days when intervals are compared. */
export function intervalMicros(interval: Interval): bigint {
  return BigInt(interval.months * 30 + interval.days) * DAY_MICROS + interval.micros
}

/** Infinity stays what it is, whatever is added to it. */
export function isInfinite(value: bigint): boolean {
  return value >= FOREVER || value <= -FOREVER
}

/** The days of a date, moved. */
export function addDays(days: bigint, count: bigint): bigint {
  return isInfinite(days) ? days : days + count
}

/** Midnight of a date, as a timestamp. */
export function dateToMicros(days: bigint): bigint {
  return isInfinite(days) ? days : days * DAY_MICROS
}

/** Adds an interval to a timestamp: months by the calendar, then days, then time. */
export function addInterval(micros: bigint, interval: Interval, sign: 1 | -1): bigint {
  if (isInfinite(micros)) return micros
  let moved = micros
  if (interval.months !== 0) {
    const day = floorDivide(micros, DAY_MICROS)
    const at = new Date(Number(day) * 86_400_000)
    const month = at.getUTCMonth() + sign * interval.months
    const last = new Date(Date.UTC(at.getUTCFullYear(), month + 1, 0)).getUTCDate()
    const target = Date.UTC(at.getUTCFullYear(), month, Math.min(at.getUTCDate(), last))
    moved = BigInt(target) * 1000n + (micros - day * DAY_MICROS)
  }
  return moved + BigInt(sign) * (BigInt(interval.days) * DAY_MICROS + interval.micros)
}

export function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b
  return a % b < 0n ? quotient - 1n : quotient
}

/** Microseconds east of UTC that a zone has at a moment; null for an unknown zone. */
export function zoneOffsetMicros(zone: string, micros: bigint): bigint | null {
  if (/^utc$/i.test(zone)) return 0n
  try {
    const at = new Date(Number(micros / 1000n))
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    }).formatToParts(at)
    const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value)
    const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
    return BigInt(local - Math.floor(at.getTime() / 1000) * 1000) * 1000n
  } catch {
    return null
  }
}

/** ISO text of a date, time or timestamp, as production casts them to text. */
export function formatDate(days: bigint): string {
  return new Date(Number(days) * 86_400_000).toISOString().slice(0, 10)
}

export function formatTime(micros: bigint): string {
  const seconds = micros / 1_000_000n
  const two = (value: bigint) => String(value).padStart(2, '0')
  const fraction = micros % 1_000_000n
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return fraction === 0n ? clock : `${clock}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
}

/** As Postgres writes a `timestamp`. */
export function formatTimestamp(micros: bigint): string {
  if (micros >= FOREVER) return 'infinity'
  if (micros <= -FOREVER) return '-infinity'
  const days = floorDivide(micros, DAY_MICROS)
  return `${formatDate(days)} ${formatTime(micros - days * DAY_MICROS)}`
}
