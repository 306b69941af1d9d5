import type { Row } from '@/entities'

/** A show counts as coming until this long after its start. */
const SHOW_MS = 4 * 3_600_000

/** The show a band plays next; null when none is planned. */
export function nextShow(shows: readonly Row<'shows'>[], now: number): Row<'shows'> | null {
  const coming = shows.filter(
    ({ status, starts_at }) =>
      (status === 'draft' || status === 'confirmed') && starts_at !== null && Date.parse(starts_at) + SHOW_MS > now,
  )
  return coming.toSorted((a, b) => String(a.starts_at).localeCompare(String(b.starts_at)))[0] ?? null
}

/** When a show starts, in the time of the place where it is. */
export function showTime({ starts_at, time_zone }: Pick<Row<'shows'>, 'starts_at' | 'time_zone'>): string | null {
  if (starts_at === null) return null
  const format = new Intl.DateTimeFormat(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: 'numeric',
    minute: '2-digit',
    ...(time_zone === null ? {} : { timeZone: time_zone }),
  })
  return format.format(new Date(starts_at))
}
