'use client'

import { useCallback } from 'react'
import { useRows } from '@/lib/sync'

/** Names of a band's people by user id; somebody who has left is "Someone". */
export function useNameOf(bandId: string | null): (userId: string | null) => string {
  const { rows } = useRows('band_members', bandId)
  return useCallback((userId) => rows.find((member) => member.user_id === userId)?.display_name ?? 'Someone', [rows])
}
