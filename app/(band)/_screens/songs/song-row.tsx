'use client'

import { Ellipsis, Pencil, Trash2 } from 'lucide-react'
import { memo, useState } from 'react'
import { RowStatusCaption } from '@/components/sync/row-status-icon'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import { InlineText } from '@/components/ui/inline-text'
import { Select } from '@/components/ui/input'
import { Menu, MenuItem } from '@/components/ui/menu'
import type { JsonRow } from '@/lib/protocol/json'
import { useRowStatus, useSync, useWrite } from '@/lib/sync'
import { Editors, useTellEditing } from '../../_shell/editing'
import { RowStatusAction } from '../../_shell/row-status-action'
import { usePermissions } from '../../_shell/viewer'
import { durationText, parseDuration, parseTempo } from './duration'
import { STATUS_WORDS, STATUSES, type Song } from './song-filter'
import { COLUMNS } from './columns'
import { parseTags } from './tags'
import type { HeldSong } from './use-held-song'

interface SongRowProps {
  song: Song
  index: number
  /** Distance from the top of the list, in pixels. */
  top: number
  /** Just added here: it catches the eye once. */
  isFresh: boolean
  measure: (element: Element | null) => void
  onOpen: (songId: string) => void
  onRemove: (song: Song) => void
  onHold: HeldSong['hold']
  onKeep: HeldSong['keep']
  onRelease: HeldSong['release']
}

/** One song: its sync status, then what can be changed where it stands. */
export const SongRow = memo(function SongRow({ song, index, top, isFresh, measure, ...on }: SongRowProps) {
  const status = useRowStatus('songs', song.id)
  const permissions = usePermissions('songs', song.band_id)
  const { update, isReady } = useWrite('songs')
  const sync = useSync()
  const isEditable = isReady && permissions.mayChange(song, 'title')
  const [isBusy, setIsBusy] = useState(false)
  useTellEditing('songs', song.id, isBusy)
  // Rows are JSON by construction.
  const look = () => sync?.markRead('songs', song as unknown as JsonRow)
  const cell = {
    isEditable,
    onStart: () => {
      setIsBusy(true)
      on.onHold(song)
      look()
    },
    onEnd: () => {
      setIsBusy(false)
      sync?.flush()
    },
  }
  const type = (patch: Parameters<typeof update>[1]) => update(song.id, patch, { typing: true })
  return (
    <tr
      ref={measure}
      data-index={index}
      data-entity="songs"
      data-id={song.id}
      data-sync={status}
      aria-rowindex={index + 2}
      aria-busy={status === 'syncing' || status === 'pending' ? true : undefined}
      onClick={look}
      onFocus={() => on.onKeep(song.id)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) on.onRelease(song.id)
      }}
      style={{ transform: `translateY(${top}px)` }}
      className={classNames(
        COLUMNS,
        'absolute inset-x-0 top-0 min-h-14 border-b border-line/60 py-1.5 hover:bg-surface pointer-coarse:py-1 lg:min-h-12 lg:py-1',
        isFresh && 'animate-arrive',
        isBusy && 'z-10 bg-surface',
        song.status === 'retired' && 'text-ink-muted',
      )}
    >
      <td className="grid min-w-0 grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-2">
        <span className="row-span-2 flex lg:row-span-1">
          <RowStatusAction entity="songs" rowKey={song.id} scope={song.band_id} title={song.title} />
        </span>
        <div className="min-w-0">
          <InlineText
            {...cell}
            label="Title"
            value={song.title}
            maxLength={200}
            check={(text) => (text.trim() === '' ? 'A song needs a title.' : null)}
            onType={(text) => type({ title: text.trim() })}
            className={status === 'unread' ? 'font-semibold' : 'font-medium'}
          />
        </div>
        <span className="flex items-center gap-2">
          <Editors entity="songs" rowKey={song.id} scope={song.band_id} />
          <RowStatusCaption status={status} />
        </span>
        <p className="col-span-2 truncate px-2 text-sm text-ink-muted lg:hidden">{summaryOf(song)}</p>
      </td>
      <td className="hidden min-w-0 lg:block">
        <InlineText
          {...cell}
          label="Artist"
          value={song.artist ?? ''}
          maxLength={200}
          onType={(text) => type({ artist: text.trim() || null })}
        />
      </td>
      <td className="hidden lg:block">
        <InlineText
          {...cell}
          label="Key"
          value={song.key ?? ''}
          maxLength={20}
          onType={(text) => type({ key: text.trim() || null })}
        />
      </td>
      <td className="hidden tabular-nums lg:block">
        <InlineText
          {...cell}
          label="Tempo"
          inputMode="numeric"
          value={song.tempo_bpm?.toString() ?? ''}
          check={(text) => (parseTempo(text) === undefined ? '1 to 999 beats a minute' : null)}
          onType={(text) => type({ tempo_bpm: parseTempo(text) ?? null })}
        />
      </td>
      <td className="hidden tabular-nums lg:block">
        <InlineText
          {...cell}
          label="Length"
          value={durationText(song.duration_ms)}
          check={(text) => (parseDuration(text) === undefined ? 'Minutes and seconds: 3:45' : null)}
          onType={(text) => type({ duration_ms: parseDuration(text) ?? null })}
        />
      </td>
      <td className="hidden lg:block">
        <StatusCell song={song} isEditable={isEditable} onChoose={(chosen) => update(song.id, { status: chosen })} />
      </td>
      <td className="hidden min-w-0 lg:block">
        <InlineText
          {...cell}
          label="Tags"
          isToldAtEnd
          value={song.tags.join(', ')}
          onType={(text) => type({ tags: parseTags(text) })}
          className="text-sm text-ink-muted"
        />
      </td>
      <td className="justify-self-end">
        <Menu
          label={`Actions for ${song.title}`}
          trigger={
            <Button variant="ghost" size="icon" aria-label={`Actions for ${song.title}`} className="text-ink-muted">
              <Ellipsis aria-hidden />
            </Button>
          }
        >
          <MenuItem onSelect={() => on.onOpen(song.id)}>
            <Pencil aria-hidden /> {isEditable ? 'Edit details…' : 'Show details…'}
          </MenuItem>
          {permissions.mayDelete(song) ? (
            <MenuItem isDangerous onSelect={() => on.onRemove(song)}>
              <Trash2 aria-hidden /> Delete
            </MenuItem>
          ) : null}
        </Menu>
      </td>
    </tr>
  )
})

interface StatusCellProps {
  song: Song
  isEditable: boolean
  onChoose: (status: Song['status']) => void
}

function StatusCell({ song, isEditable, onChoose }: StatusCellProps) {
  if (!isEditable) return <span className="px-2">{STATUS_WORDS[song.status]}</span>
  return (
    <Select
      aria-label={`Status of ${song.title}`}
      value={song.status}
      onChange={(event) => onChoose(STATUSES.find((each) => each === event.currentTarget.value) ?? song.status)}
      className="h-8 border-transparent bg-transparent px-1"
    >
      {STATUSES.map((each) => (
        <option key={each} value={each}>
          {STATUS_WORDS[each]}
        </option>
      ))}
    </Select>
  )
}

/** What a phone shows under the title. */
function summaryOf(song: Song): string {
  const tempo = song.tempo_bpm === null ? null : `${song.tempo_bpm} bpm`
  const parts = [song.artist, song.key, tempo, durationText(song.duration_ms) || null, STATUS_WORDS[song.status]]
  return parts.filter(Boolean).join(' · ')
}
