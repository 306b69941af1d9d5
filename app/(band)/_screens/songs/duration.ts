const MINUTE_MS = 60_000

/** A length as musicians write it: "3:45". Empty when there is none. */
export function durationText(milliseconds: number | null): string {
  if (milliseconds === null) return ''
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** Reads "3:45", "3.45" or "3" (minutes) as milliseconds; null for nothing, undefined for what is no length. */
export function parseDuration(text: string): number | null | undefined {
  if (text.trim() === '') return null
  const match = /^(\d{1,3})(?:[:.,]([0-5]?\d))?$/.exec(text.trim())
  if (!match) return undefined
  return Number(match[1]) * MINUTE_MS + Number(match[2] ?? 0) * 1000
}

/** Reads a tempo in beats per minute, 1 to 999; null for nothing, undefined for what is no tempo. */
export function parseTempo(text: string): number | null | undefined {
  if (text.trim() === '') return null
  const tempo = /^\d{1,3}$/.test(text.trim()) ? Number(text) : 0
  return tempo >= 1 ? tempo : undefined
}
