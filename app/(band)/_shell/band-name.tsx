'use client'

import { useRow } from '@/lib/sync'

/** The name of one of my bands; an ellipsis while it is not known yet. */
export function useBandName(bandId: string | null): string {
  return useRow('bands', bandId, bandId)?.name ?? '…'
}

/** The name of one of my bands, live. */
export function BandName({ bandId }: { bandId: string }) {
  return <>{useBandName(bandId)}</>
}
