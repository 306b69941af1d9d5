'use client'

import { CalendarDays } from 'lucide-react'
import { useMemo } from 'react'
import type { Row } from '@/entities'
import { useMarkRead, useRow, useRows, useRowStatus } from '@/lib/sync'
import { useNow } from '@/components/sync/relative-time'
import { AppLink } from '../../_shell/app-link'
import { RowStatusAction } from '../../_shell/row-status-action'
import type { Membership } from '../../_shell/viewer'
import { nextShow, showTime } from './next-show'

export const ROLE_WORDS: Record<Membership['role'], string> = {
  owner: 'Owner',
  collaborator: 'Collaborator',
  viewer: 'Viewer',
}

/** One of my bands: its name, my part in it, its next show. */
export function BandCard({ membership }: { membership: Membership }) {
  const bandId = membership.band_id
  const band = useRow('bands', bandId, bandId)
  const name = band?.name ?? '…'
  useMarkRead('bands', band)
  const status = useRowStatus('bands', bandId)
  return (
    <li
      data-entity="bands"
      data-id={bandId}
      data-sync={status}
      className="relative rounded-card border border-line bg-surface p-4 transition-colors focus-within:border-line-strong hover:border-line-strong"
    >
      <div className="flex items-center gap-2">
        <RowStatusAction entity="bands" rowKey={bandId} scope={bandId} title={name} />
        <AppLink
          to={{ kind: 'songs', bandId }}
          dir="auto"
          className="min-w-0 truncate text-lg font-semibold tracking-tight outline-none after:absolute after:inset-0 after:rounded-card focus-visible:after:outline-2 focus-visible:after:outline-offset-2 focus-visible:after:outline-glow"
        >
          {name}
        </AppLink>
        <span className="ml-auto text-sm text-ink-muted">{ROLE_WORDS[membership.role]}</span>
      </div>
      <NextShow bandId={bandId} />
    </li>
  )
}

function NextShow({ bandId }: { bandId: string }) {
  const { rows: shows, status } = useRows('shows', bandId)
  const now = useNow(60_000)
  const show = useMemo<Row<'shows'> | null>(() => nextShow(shows, now), [shows, now])
  if (!show) return <p className="mt-2 text-sm text-ink-muted">{status === 'loading' ? '…' : 'No show planned'}</p>
  return (
    <p className="mt-2 flex items-start gap-2 text-sm">
      <CalendarDays aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-muted" />
      <span className="min-w-0">
        <span className="sr-only">Next show: </span>
        <span className="font-medium">{show.title}</span>
        <span className="block text-ink-muted">{[showTime(show), show.venue].filter(Boolean).join(' · ')}</span>
      </span>
    </p>
  )
}
