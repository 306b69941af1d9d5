'use client'

import { useEffect } from 'react'
import { useOpenScope } from '@/lib/sync'
import { bandOf, type Route } from './routes'
import { useViewer } from './viewer'

const KEY = 'backline.band'

/** The band of mine whose shapes are live: the one in the path, else the one opened last, else the first. */
export function useOpenBand(route: Route): string | null {
  const { viewer, memberships } = useViewer()
  const asked = bandOf(route)
  // Nothing is asked of a band that is not mine: its doors would refuse.
  const inPath = asked !== null && viewer.bands.has(asked) ? asked : null
  const last = readLastBand()
  const bandId = inPath ?? (last !== null && viewer.bands.has(last) ? last : (memberships[0]?.band_id ?? null))
  useEffect(() => {
    if (inPath !== null) keepLastBand(inPath)
  }, [inPath])
  useOpenScope(bandId)
  return bandId
}

function readLastBand(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function keepLastBand(bandId: string): void {
  try {
    localStorage.setItem(KEY, bandId)
  } catch {
    // Nothing can be stored: the first band opens next time.
  }
}
