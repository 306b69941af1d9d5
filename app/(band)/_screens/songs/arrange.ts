import { songMatcher, songOrder, type Song, type SongFilter, type SongSort } from './song-filter'

export type Arrange = (songs: readonly Song[], filter: SongFilter, sort: SongSort, held: Song | null) => Song[]

/**
 * Makes the function that says which songs are shown, in order. The one that is being edited (`held`, as it was when the
 * editing began) keeps its place whatever is typed: the text never moves away from under the cursor.
 *
 * It remembers its last order and puts only songs that changed since into their places: a keystroke in a list of ten
 * thousand has to be on screen within a frame, and comparing them all as people spell takes longer.
 */
export function createArrange(): Arrange {
  let last: { sort: SongSort; placed: readonly Song[] } | null = null
  return (songs, filter, sort, held) => {
    const isHeldHere = held !== null && songs.some((song) => song.id === held.id)
    const placed = isHeldHere ? songs.map((song) => (song.id === held.id ? held : song)) : songs
    const order = songOrder(sort)
    const isSameOrder = last?.sort.by === sort.by && last.sort.isDescending === sort.isDescending
    const sorted = isSameOrder && last ? putIntoPlace(last.placed, placed, order) : placed.toSorted(order)
    last = { sort, placed: sorted }
    const shown = sorted.filter(songMatcher(filter))
    if (!isHeldHere) return shown
    return shown.map((song) => (song === held ? (songs.find((live) => live.id === held.id) ?? song) : song))
  }
}

/** More than a screen shows. */
const SCREENFUL = 100

/**
 * The songs that are shown with only a screenful of them in order, the others behind as they come: a list of ten thousand opens with these
 * while they are all being sorted.
 */
export function arrangeScreenful(songs: readonly Song[], filter: SongFilter, sort: SongSort): Song[] {
  const order = songOrder(sort)
  const shown = songs.filter(songMatcher(filter))
  const first: Song[] = []
  for (const song of shown) {
    const last = first[SCREENFUL - 1]
    if (last && order(last, song) < 0) continue
    first.splice(placeOf(song, first, 0, order), 0, song)
    first.length = Math.min(first.length, SCREENFUL)
  }
  const isFirst = new Set(first)
  return [...first, ...shown.filter((song) => !isFirst.has(song))]
}

type Order = (a: Song, b: Song) => number

/** `songs` in order, given that `sorted` is; rows that are the same object in both are not compared again. */
function putIntoPlace(sorted: readonly Song[], songs: readonly Song[], order: Order): Song[] {
  const changed = new Set(songs)
  const kept = sorted.filter((song) => changed.delete(song))
  const placed: Song[] = []
  let from = 0
  for (const song of [...changed].sort(order)) {
    const to = placeOf(song, kept, from, order)
    for (; from < to; from += 1) placed.push(kept[from] as Song)
    placed.push(song)
  }
  for (; from < kept.length; from += 1) placed.push(kept[from] as Song)
  return placed
}

/** Where a song belongs among sorted ones, from an index on. */
function placeOf(song: Song, sorted: readonly Song[], from: number, order: Order): number {
  let [low, high] = [from, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(sorted[middle] as Song, song) < 0) low = middle + 1
    else high = middle
  }
  return low
}
