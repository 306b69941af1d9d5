'use client'

import { Music } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import { EmptyState } from '@/components/ui/empty-state'
import { Spinner } from '@/components/ui/spinner'
import { useRows } from '@/lib/sync'
import { usePermissions } from '../../_shell/viewer'
import { AddSong } from './add-song'
import { arrangeScreenful, createArrange } from './arrange'
import { NO_FILTER, songChoices, type Song, type SongFilter, type SongSort } from './song-filter'
import { SongList } from './song-list'
import { SongToolbar } from './song-toolbar'
import { useHeldSong } from './use-held-song'

const NO_SONGS: readonly Song[] = []

/** The band's songs: find, sort, add, change where they stand. */
export default function SongsScreen({ bandId }: { bandId: string }) {
  const [filter, setFilter] = useState<SongFilter>(NO_FILTER)
  const [sort, setSort] = useState<SongSort>({ by: 'title', isDescending: false })
  const { rows: all, status, error } = useRows('songs', bandId)
  const { mayInsert } = usePermissions('songs', bandId)
  // Typing stays ahead of a list of thousands.
  const asked = useDeferredValue(filter)
  const held = useHeldSong()
  const [addedId, setAddedId] = useState<string | null>(null)
  const [arrange] = useState(createArrange)
  // What the filters offer may lag behind a keystroke, and behind the first frame.
  const known = useDeferredValue(all, NO_SONGS)
  // The first frame does not wait until thousands are in order.
  const isOpening = known.length === 0
  const songs = useMemo(
    () => (isOpening ? arrangeScreenful(all, asked, sort) : arrange(all, asked, sort, held.song)),
    [isOpening, arrange, all, asked, sort, held.song],
  )
  const choices = useMemo(() => songChoices(known), [known])

  const isLoading = all.length === 0 && status === 'loading'

  const showAdded = (songId: string) => {
    // A new song is shown, whatever was searched for before.
    setFilter(NO_FILTER)
    setAddedId(songId)
  }

  return (
    <div className="flex h-full flex-col">
      <header className="grid grid-cols-1 gap-3 border-b border-line px-4 py-3 sm:px-6 sm:pt-6">
        <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <h1 className="text-2xl font-bold tracking-tight">
            Songs{' '}
            <span className="ml-1 text-base font-medium text-ink-muted tabular-nums">
              {isLoading ? null : countWords(songs, all)}
            </span>
          </h1>
          {mayInsert ? <AddSong bandId={bandId} songs={all} onAdded={showAdded} /> : null}
        </div>
        <SongToolbar filter={filter} onFilter={setFilter} sort={sort} onSort={setSort} choices={choices} />
      </header>
      {error ? (
        <EmptyState icon={Music} title="The songs cannot be shown">
          {error.message}
        </EmptyState>
      ) : isLoading ? (
        <Spinner label="Loading songs…" className="p-6" />
      ) : songs.length === 0 ? (
        <NoSongs isFiltered={all.length > 0} mayInsert={mayInsert} />
      ) : (
        <SongList
          bandId={bandId}
          songs={songs}
          sort={sort}
          onSort={setSort}
          held={held}
          addedId={addedId}
          isArranged={asked === filter}
          isOpening={isOpening}
          status={status}
        />
      )}
    </div>
  )
}

function countWords(shown: readonly unknown[], all: readonly unknown[]): string {
  return shown.length === all.length ? String(all.length) : `${shown.length} of ${all.length}`
}

function NoSongs({ isFiltered, mayInsert }: { isFiltered: boolean; mayInsert: boolean }) {
  if (isFiltered)
    return (
      <EmptyState icon={Music} title="No song matches">
        Try fewer words, or clear a filter.
      </EmptyState>
    )
  return (
    <EmptyState icon={Music} title="No songs yet">
      {mayInsert ? 'Add the first one above; everyone in the band sees it at once.' : 'Nobody has added a song yet.'}
    </EmptyState>
  )
}
