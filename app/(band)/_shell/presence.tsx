'use client'

import { useEffect } from 'react'
import type { Present } from '@/lib/sync/react/presence-policy'
import { usePresence } from '@/lib/sync/react/presence'
import type { OpenRow } from './editing'

interface PresenceProps {
  bandId: string | null
  page: string
  editing: OpenRow | null
  onChange: (people: readonly Present[]) => void
}

/** Tells the band where I am and reports who else is here. Loaded after the screen, and once: avatars stand in two layouts. */
export default function Presence({ bandId, page, editing, onChange }: PresenceProps) {
  const people = usePresence(bandId, editing === null ? { page } : { page, editing })
  useEffect(() => onChange(people), [people, onChange])
  return null
}
