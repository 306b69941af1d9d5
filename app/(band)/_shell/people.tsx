'use client'

import { useCallback } from 'react'
import { useRows, useSync } from '@/lib/sync'

/** Names of a band's people by user id; somebody who has left is "Someone". */
export function useNameOf(bandId: string | null): (userId: string | null) => string {
  const { rows } = useRows('band_members', bandId)
  return useCallback((userId) => rows.find((member) => member.user_id === userId)?.display_name ?? 'Someone', [rows])
}

/** Addresses of the pictures of a band's people by user id; null for somebody who has none, or has left. */
export function usePictureOf(bandId: string | null): (userId: string) => string | null {
  const { rows } = useRows('band_members', bandId)
  return useCallback((userId) => rows.find((member) => member.user_id === userId)?.avatar_url ?? null, [rows])
}

/**
 * Who, besides this device, changed a field of a row last, by name. The band's log says so: `updated_by` of the row
 * names only the last of several people.
 */
export function useAuthorOf(bandId: string, rowId: string): (field: string) => string {
  const { rows: changes } = useRows('changes', bandId)
  const nameOf = useNameOf(bandId)
  const clientId = useSync()?.clientId.read() ?? null
  return useCallback(
    (field) => {
      const others = changes.filter(
        (change) => change.entity_id === rowId && change.fields.includes(field) && change.client_id !== clientId,
      )
      const last = others.toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1))[0]
      return nameOf(last?.actor_id ?? null)
    },
    [changes, rowId, clientId, nameOf],
  )
}
