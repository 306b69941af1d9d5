import type { Row } from '@/entities'
import { unreachable } from '@/lib/protocol/unreachable'

export type Song = Row<'songs'>
export type SongStatus = Song['status']
export type SortKey = 'title' | 'artist' | 'key' | 'tempo_bpm' | 'duration_ms' | 'status' | 'updated_at'

export interface SongFilter {
  search: string
  status: SongStatus | null
  tag: string | null
  key: string | null
}

export interface SongSort {
  by: SortKey
  isDescending: boolean
}

export const NO_FILTER: SongFilter = { search: '', status: null, tag: null, key: null }
export const STATUSES: readonly SongStatus[] = ['idea', 'learning', 'ready', 'retired']
export const STATUS_WORDS: Record<SongStatus, string> = {
  idea: 'Idea',
  learning: 'Learning',
  ready: 'Ready',
  retired: 'Retired',
}

/** Whether a song is among those asked for: every word of the search in its title, artist or tags. */
export function songMatcher({ search, status, tag, key }: SongFilter): (song: Song) => boolean {
  const words = fold(search).split(/\s+/).filter(Boolean)
  return (song) => {
    if (status !== null && song.status !== status) return false
    if (tag !== null && !song.tags.includes(tag)) return false
    if (key !== null && song.key !== key) return false
    if (words.length === 0) return true
    const text = fold(`${song.title} ${song.artist ?? ''} ${song.tags.join(' ')}`)
    return words.every((word) => text.includes(word))
  }
}

/** Without case and accents, so that "beyonce" finds Beyoncé. */
function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

// One collator: localeCompare makes a new one per call, which 10,000 rows feel.
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** Orders songs; those without the value come last either way, equal ones by title, then by id. */
export function songOrder({ by, isDescending }: SongSort): (a: Song, b: Song) => number {
  const direction = isDescending ? -1 : 1
  return (a, b) =>
    compareBy(by, a, b, direction) || collator.compare(a.title, b.title) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

function compareBy(by: SortKey, a: Song, b: Song, direction: number): number {
  switch (by) {
    case 'title':
    case 'artist':
    case 'key':
    case 'updated_at':
      return compareNullable(a[by], b[by], direction, (left, right) => collator.compare(left, right))
    case 'tempo_bpm':
    case 'duration_ms':
      return compareNullable(a[by], b[by], direction, (left, right) => left - right)
    case 'status':
      return direction * (STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status))
    default:
      return unreachable(by)
  }
}

function compareNullable<T>(a: T | null, b: T | null, direction: number, compare: (a: T, b: T) => number): number {
  if (a === null || b === null) return (a === null ? 1 : 0) - (b === null ? 1 : 0)
  return direction * compare(a, b)
}

/** Every tag and every key in use, in order: what the filters offer. */
export function songChoices(songs: Iterable<Song>): { tags: string[]; keys: string[] } {
  const tags = new Set<string>()
  const keys = new Set<string>()
  for (const song of songs) {
    for (const tag of song.tags) tags.add(tag)
    if (song.key) keys.add(song.key)
  }
  const inOrder = (values: Set<string>) => [...values].toSorted((a, b) => collator.compare(a, b))
  return { tags: inOrder(tags), keys: inOrder(keys) }
}
