'use client'

import { useEffect } from 'react'
import type { Present } from '@/lib/sync/react/presence-policy'
import { usePresence } from '@/lib/sync/react/presence'

interface PresenceProps {
  bandId: string | null
  page: string
  onChange: (people: readonly Present[]) => void
}

/** Tells the band where I am and reports who else is here. Loaded after the screen, and once: avatars stand in two layouts. */
export default function Presence({ bandId, page, onChange }: PresenceProps) {
  const people = usePresence(bandId, { page })
  useEffect(() => onChange(people), [people, onChange])
  return null
}
