'use client'

import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp } from 'lucide-react'
import { useCallback, useEffect, useRef, useState, type RefObject } from 'react'
import { toast } from 'sonner'
import { classNames } from '@/components/ui/class-names'
import { useWrite, type ShapeStatus } from '@/lib/sync'
import { COLUMNS } from './columns'
import { SongDetails } from './song-details'
import type { Song, SongSort, SortKey } from './song-filter'
import { SongRow } from './song-row'
import { SORT_WORDS } from './song-toolbar'
import type { HeldSong } from './use-held-song'

interface SongListProps {
  bandId: string
  songs: readonly Song[]
  sort: SongSort
  onSort: (sort: SongSort) => void
  held: HeldSong
  /** The song that was just added here: it is scrolled into view. */
  addedId: string | null
  /** False while the list still is what was searched for before. */
  isArranged: boolean
  /** The first frame: nothing is drawn but what it shows. */
  isOpening: boolean
  /** Whether all songs of the band are here, or some are still on their way. */
  status: ShapeStatus
}

const ROW_PX = 56

/** The songs as a table that draws only what is in view. */
export function SongList(props: SongListProps) {
  const { bandId, songs, sort, onSort, held, addedId, isArranged, isOpening, status } = props
  const scroller = useRef<HTMLDivElement>(null)
  const [opened, setOpened] = useState<string | null>(null)
  const remove = useRemoveSong(scroller)
  const heldIndex = held.song === null ? -1 : songs.findIndex((song) => song.id === held.song?.id)
  // oxlint-disable-next-line react/incompatible-library -- the React compiler, which it warns about, is not used
  const virtualizer = useVirtualizer({
    count: songs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    // By key, so that a row that moves keeps its measured height.
    getItemKey: useCallback((index: number) => songs[index]?.id ?? index, [songs]),
    overscan: isOpening ? 0 : 8,
    rangeExtractor: useCallback((range: Range) => withHeld(range, heldIndex), [heldIndex]),
  })
  const addedIndex = addedId === null ? -1 : songs.findIndex((song) => song.id === addedId)
  const isAddedShown = addedIndex !== -1 && isArranged
  const scrolledAt = useRef('')
  useEffect(() => {
    // Not on every move: once per song that was added, and again when the songs that were on their way have pushed it aside.
    const occasion = `${addedId} ${status}`
    if (!isAddedShown || scrolledAt.current === occasion) return
    scrolledAt.current = occasion
    virtualizer.scrollToIndex(addedIndex, { align: 'center' })
    // oxlint-disable-next-line react/exhaustive-deps -- where the song stands is read at these moments, and is no reason to scroll
  }, [addedId, isAddedShown, status])
  return (
    <div ref={scroller} className="relative min-h-0 flex-1 overflow-y-auto">
      <table aria-label="Songs" aria-rowcount={songs.length + 1} className="block">
        <thead className="sticky top-0 z-10 hidden border-b border-line bg-stage lg:block">
          <tr aria-rowindex={1} className={classNames(COLUMNS, 'h-10 text-left')}>
            {(['title', 'artist', 'key', 'tempo_bpm', 'duration_ms', 'status'] as const).map((by) => (
              <Heading key={by} by={by} sort={sort} onSort={onSort} />
            ))}
            <th scope="col" className="px-2 text-sm font-medium text-ink-muted">
              Tags
            </th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody className="relative block" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map((item) => {
            const song = songs[item.index]
            return song ? (
              <SongRow
                key={song.id}
                song={song}
                index={item.index}
                top={item.start}
                isFresh={song.id === addedId}
                measure={virtualizer.measureElement}
                onOpen={setOpened}
                onRemove={remove}
                onHold={held.hold}
                onKeep={held.keep}
                onRelease={held.release}
              />
            ) : null
          })}
        </tbody>
      </table>
      {opened === null ? null : <SongDetails bandId={bandId} songId={opened} onClose={() => setOpened(null)} />}
    </div>
  )
}

/** A row that is being edited stays drawn, wherever the list is scrolled to. */
function withHeld(range: Range, heldIndex: number): number[] {
  const indexes = defaultRangeExtractor(range)
  if (heldIndex === -1 || indexes.includes(heldIndex)) return indexes
  return [...indexes, heldIndex].toSorted((a, b) => a - b)
}

function Heading({ by, sort, onSort }: { by: SortKey; sort: SongSort; onSort: (sort: SongSort) => void }) {
  const isSorted = sort.by === by
  const Arrow = sort.isDescending ? ArrowDown : ArrowUp
  return (
    <th
      scope="col"
      aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none'}
      className="text-sm"
    >
      <button
        type="button"
        className={classNames(
          'flex h-8 items-center gap-1 rounded-control px-2 font-medium hover:text-ink',
          isSorted ? 'text-ink' : 'text-ink-muted',
        )}
        onClick={() => onSort({ by, isDescending: isSorted && !sort.isDescending })}
      >
        {SORT_WORDS[by]}
        {isSorted ? <Arrow aria-hidden className="size-3.5" /> : null}
      </button>
    </th>
  )
}

/** Deletes at once and offers to take it back. Focus goes on to the row beside it, not to nowhere. */
function useRemoveSong(list: RefObject<HTMLElement | null>): (song: Song) => void {
  const { remove, restore } = useWrite('songs')
  return useCallback(
    (song: Song) => {
      rowBeside(list.current, song.id)?.querySelector<HTMLElement>('[aria-haspopup=menu]')?.focus()
      remove(song.id)
      toast(`Deleted “${song.title}”`, {
        action: { label: 'Undo', onClick: () => restore(song.id) },
      })
    },
    [list, remove, restore],
  )
}

/** The row below a song's, or above where it is the last. */
function rowBeside(list: HTMLElement | null, songId: string): HTMLElement | null {
  const rows = Array.from(list?.querySelectorAll<HTMLElement>('tr[data-id]') ?? [])
  const inOrder = rows.toSorted((a, b) => Number(a.dataset['index']) - Number(b.dataset['index']))
  const at = inOrder.findIndex((row) => row.dataset['id'] === songId)
  return inOrder[at + 1] ?? inOrder[at - 1] ?? null
}
