'use client'

import { useEffect, useState } from 'react'
import { EditorNotice } from '@/components/sync/editor-notice'
import { useRowDraft } from '@/components/sync/use-row-draft'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { entities, type Patch } from '@/entities'
import type { Json, JsonRow } from '@/lib/protocol/json'
import { useMarkRead, useRow, useSync, useWrite } from '@/lib/sync'
import { useTellEditing } from '../../_shell/editing'
import { useAuthorOf } from '../../_shell/people'
import { usePermissions } from '../../_shell/viewer'
import type { Song } from './song-filter'
import { SongForm } from './song-form'

interface SongDetailsProps {
  bandId: string
  songId: string
  onClose: () => void
}

/** Everything of one song, saved while it is typed. Closes when the song is deleted elsewhere. */
export function SongDetails({ bandId, songId, onClose }: SongDetailsProps) {
  const song = useRow('songs', bandId, songId)
  useMarkRead('songs', song)
  const isGone = song === null
  useEffect(() => {
    if (isGone) onClose()
  }, [isGone, onClose])
  return song ? <SongEditor song={song} onClose={onClose} /> : null
}

const FIELDS = Object.keys(entities.songs.fields).filter((field) => field !== 'band_id')

function SongEditor({ song, onClose }: { song: Song; onClose: () => void }) {
  // Rows are JSON by construction.
  const row = song as unknown as JsonRow
  const { values, changes, setField, takeTheirs } = useRowDraft(row, FIELDS)
  const { update } = useWrite('songs')
  const sync = useSync()
  const authorOf = useAuthorOf(song.band_id, song.id)
  const isEditable = usePermissions('songs', song.band_id).mayChange(song, 'title')
  useTellEditing('songs', song.id, isEditable)
  // The title when it was opened: the heading stands still while the title is typed.
  const [heading] = useState(song.title)
  const change = (field: string, value: Json, isSaved: boolean) => {
    setField(field, value)
    if (isSaved) update(song.id, { [field]: value } as Patch<'songs'>, { typing: true })
  }
  const close = () => {
    // Escape closes before the field is left, and tags are told when theirs is.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    sync?.flush()
    onClose()
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title={heading}
      description={isEditable ? 'Saved while you type.' : 'Only owners and collaborators change songs.'}
      className="sm:max-w-2xl"
      footer={<Button onClick={close}>Done</Button>}
    >
      <div className="grid grid-cols-1 gap-4 pb-2">
        <EditorNotice changes={changes} authorOf={authorOf} onTake={takeTheirs} />
        <SongForm values={values} isEditable={isEditable} onChange={change} onLeave={() => sync?.flush()} />
      </div>
    </Dialog>
  )
}
