'use client'

import { useState } from 'react'
import { toast } from 'sonner'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { InlineText } from '@/components/ui/inline-text'
import { useMarkRead, useRow, useRowStatus, useSync, useWrite } from '@/lib/sync'
import { navigate } from '../../_shell/location'
import { RowStatusAction } from '../../_shell/row-status-action'
import { Section } from '../../_shell/screen-page'
import { usePermissions } from '../../_shell/viewer'

interface BandSectionProps {
  bandId: string
  /** The viewer owns the band, and nobody else does. */
  isOnlyOwner: boolean
}

/** Longer than other notices stay: a whole band went. */
const UNDO_MS = 30_000
const ONLY_OWNER = 'You are its only owner: to leave, make somebody else owner first, or delete the band.'

/** The band itself: its name, and its end. Only for those who may change it. */
export function BandSection({ bandId, isOnlyOwner }: BandSectionProps) {
  const band = useRow('bands', bandId, bandId)
  useMarkRead('bands', band)
  const status = useRowStatus('bands', bandId)
  const { mayChange, mayDelete } = usePermissions('bands', bandId)
  const { update, isReady } = useWrite('bands')
  const sync = useSync()
  const deletion = useDeleteBand(bandId, band?.name ?? 'this band')
  if (!band || !mayChange(band, 'name')) return null
  return (
    <Section title="The band" hint={isOnlyOwner ? ONLY_OWNER : 'Everybody in it sees a new name at once.'}>
      <div
        data-entity="bands"
        data-id={bandId}
        data-sync={status}
        className="flex items-center gap-2 rounded-card border border-line bg-surface px-3 py-2 sm:px-4"
      >
        <RowStatusAction entity="bands" rowKey={bandId} scope={bandId} title={band.name} />
        <div className="min-w-0 flex-1">
          <InlineText
            label="Name of the band"
            isEditable={isReady}
            value={band.name}
            maxLength={200}
            check={(text) => (text.trim() === '' ? 'A band needs a name.' : null)}
            onType={(text) => update(bandId, { name: text.trim() }, { typing: true })}
            onEnd={() => sync?.flush()}
            className="font-medium"
          />
        </div>
      </div>
      {mayDelete(band) ? (
        <>
          <Button variant="danger" className="justify-self-start" disabled={!isReady} onClick={deletion.ask}>
            Delete this band…
          </Button>
          {deletion.dialog}
        </>
      ) : null}
    </Section>
  )
}

/** Deletes the band after a question, and offers to take it back. */
function useDeleteBand(bandId: string, name: string) {
  const { remove, restore } = useWrite('bands')
  const [isAsking, setIsAsking] = useState(false)
  const confirm = () => {
    setIsAsking(false)
    remove(bandId)
    navigate('/')
    toast(`Deleted “${name}”`, {
      duration: UNDO_MS,
      action: { label: 'Undo', onClick: () => restore(bandId) },
    })
  }
  return {
    ask: () => setIsAsking(true),
    dialog: (
      <ConfirmDialog
        open={isAsking}
        onOpenChange={setIsAsking}
        title={`Delete ${name}?`}
        description="Its songs, shows and everything else go at once, for everybody in the band and on all their devices."
        confirm="Delete band"
        onConfirm={confirm}
      />
    ),
  }
}
