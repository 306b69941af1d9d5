/**
 * Times are `2026-11-20T18:00:00.000Z` everywhere but on the raw Electric wire, where Postgres writes
 * `2026-11-20 18:00:00+00` or `2026-11-20 18:00:00.12+00`.
 */

const POSTGRES_TIMESTAMP = /^(\d{4,6})-(\d\d)-(\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d)?)?$/

/** Postgres text of a `timestamptz` (session time zone UTC or any offset) to ISO with milliseconds; other text comes back unchanged. */
export function postgresTimeToIso(text: string): string {
  const match = POSTGRES_TIMESTAMP.exec(text)
  if (!match) return text
  const [, year, month, day, clock, fraction = '', zone = '+00'] = match
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3)
  if (zone === '+00' || zone === 'Z') return `${year}-${month}-${day}T${clock}.${milliseconds}Z`
  const offset = zone.length === 3 ? `${zone}:00` : zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const at = new Date(`${year}-${month}-${day}T${clock}.${milliseconds}${offset}`)
  return Number.isNaN(at.getTime()) ? text : at.toISOString()
}
