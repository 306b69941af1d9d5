'use client'

import { useEffect, useMemo, useRef, useState } from 'react'
import type { Song } from './song-filter'

/** Long enough for the press that ended the editing to land where it was aimed at, before rows move. */
const RELEASE_MS = 250

export interface HeldSong {
  /** The song that is being edited in its row, as it was when that began. */
  song: Song | null
  /** Editing began. */
  hold: (song: Song) => void
  /** Focus is in this row: it stays held if it was. */
  keep: (songId: string) => void
  /** Focus has left the row. */
  release: (songId: string) => void
}

/** Holds one song in its place from the first press into its row until focus has left the row. */
export function useHeldSong(): HeldSong {
  const [song, setSong] = useState<Song | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const heldId = useRef<string>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const actions = useMemo(
    () => ({
      hold: (next: Song) => {
        clearTimeout(timer.current)
        if (heldId.current === next.id) return
        heldId.current = next.id
        setSong(next)
      },
      keep: (songId: string) => {
        if (heldId.current === songId) clearTimeout(timer.current)
      },
      release: (songId: string) => {
        if (heldId.current !== songId) return
        clearTimeout(timer.current)
        timer.current = setTimeout(() => {
          heldId.current = undefined
          setSong(null)
        }, RELEASE_MS)
      },
    }),
    [],
  )
  return { song, ...actions }
}
