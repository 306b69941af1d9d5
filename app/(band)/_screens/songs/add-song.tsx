'use client'

import { Plus } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { useWrite } from '@/lib/sync'
import type { Song } from './song-filter'

interface AddSongProps {
  bandId: string
  songs: readonly Song[]
  onAdded: (songId: string) => void
}

/** Adds a song by its title, and says so when the band has one of that name. */
export function AddSong({ bandId, songs, onAdded }: AddSongProps) {
  const write = useWrite('songs')
  const [title, setTitle] = useState('')
  const [error, setError] = useState<string | null>(null)
  const known = title.trim() === '' ? undefined : songs.find((song) => isSameTitle(song.title, title))

  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (title.trim() === '') {
      event.currentTarget.querySelector('input')?.focus()
      return setError('Type a title first.')
    }
    onAdded(write.insert({ band_id: bandId, title: title.trim() }).key)
    setTitle('')
    setError(null)
  }

  return (
    <form onSubmit={add} className="flex w-full items-start gap-2 sm:w-auto">
      <Field
        label="New song"
        labelHidden
        error={error}
        hint={known ? `“${known.title}” is already in the list.` : undefined}
        className="min-w-0 flex-1 sm:w-64"
      >
        {(control) => (
          <Input
            {...control}
            value={title}
            maxLength={200}
            placeholder="New song…"
            autoComplete="off"
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" disabled={!write.isReady}>
        <Plus aria-hidden /> Add song
      </Button>
    </form>
  )
}

function isSameTitle(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}
