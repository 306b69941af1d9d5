'use client'

import { useEffect, useState } from 'react'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long ago a moment was, in the words of the connection indicator: "now", "2 min ago". Both in milliseconds. */
export function relativeWords(thenMs: number, nowMs: number): string {
  const age = Math.max(0, nowMs - thenMs)
  if (age < MINUTE_MS) return 'now'
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`
  const days = Math.floor(age / DAY_MS)
  return days === 1 ? 'yesterday' : `${days} days ago`
}

/** The time, renewed every `everyMs` while the component is on screen: for words that grow old. */
export function useNow(everyMs = 15_000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
