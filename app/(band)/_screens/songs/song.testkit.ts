import fc from 'fast-check'
import type { Song, SortKey } from './song-filter'

const AT = '2026-11-20T18:00:00.000Z'

/** A whole song with these values. */
export function song(values: Partial<Song>): Song {
  return {
    id: '0191e2a4-0000-7000-8000-000000000001',
    created_at: AT,
    deleted_at: null,
    version: 1,
    created_by: null,
    updated_at: AT,
    updated_by: null,
    updated_by_client: null,
    band_id: '0191e2a4-0000-7000-8000-000000000002',
    title: 'Wonderwall',
    artist: 'Oasis',
    key: 'F#m',
    tempo_bpm: 87,
    duration_ms: 258_000,
    tuning: null,
    status: 'ready',
    tags: ['encore'],
    lyrics: null,
    notes: null,
    ...values,
  }
}

export const sortKeys: SortKey[] = ['title', 'artist', 'key', 'tempo_bpm', 'duration_ms', 'status', 'updated_at']
/** Songs that often equal each other in something. */
export const anySong = fc
  .record(
    {
      id: fc.uuid(),
      title: fc.constantFrom('A', 'a', 'B', 'Ä'),
      artist: fc.constantFrom(null, 'X', 'Y'),
      tempo_bpm: fc.constantFrom(null, 90, 120),
      status: fc.constantFrom('idea' as const, 'ready' as const),
    },
    { noNullPrototype: true },
  )
  .map(song)
