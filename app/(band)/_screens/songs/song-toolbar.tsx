'use client'

import { Search } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { Input, Select } from '@/components/ui/input'
import { NO_FILTER, STATUS_WORDS, STATUSES, type SongFilter, type SongSort, type SortKey } from './song-filter'

interface SongToolbarProps {
  filter: SongFilter
  onFilter: (filter: SongFilter) => void
  sort: SongSort
  onSort: (sort: SongSort) => void
  choices: { tags: string[]; keys: string[] }
}

export const SORT_WORDS: Record<SortKey, string> = {
  title: 'Title',
  artist: 'Artist',
  key: 'Key',
  tempo_bpm: 'Tempo',
  duration_ms: 'Length',
  status: 'Status',
  updated_at: 'Last changed',
}

/** Search and filters; on phones also the order, which the column headings give elsewhere. */
export function SongToolbar({ filter, onFilter, sort, onSort, choices }: SongToolbarProps) {
  const search = useRef<HTMLInputElement>(null)
  useSlashToSearch(search)
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER)
  return (
    <search className="relative -m-1 flex gap-2 overflow-x-auto p-1 sm:flex-wrap">
      <Field label="Search songs" labelHidden className="relative min-w-40 flex-1 sm:max-w-72">
        {(control) => (
          <>
            <Search aria-hidden className="absolute top-3 left-3 size-4 text-ink-muted pointer-coarse:top-3.5" />
            <Input
              {...control}
              ref={search}
              type="search"
              placeholder="Search"
              aria-keyshortcuts="/"
              className="pl-9"
              value={filter.search}
              onChange={(event) => onFilter({ ...filter, search: event.currentTarget.value })}
            />
            {filter.search === '' ? (
              <kbd
                aria-hidden
                className="pointer-events-none absolute top-2.5 right-3 rounded border border-line px-1.5 font-sans text-xs text-ink-muted pointer-coarse:hidden"
              >
                /
              </kbd>
            ) : null}
          </>
        )}
      </Field>
      <Choice
        label="Status"
        value={filter.status}
        choices={STATUSES.map((status) => [status, STATUS_WORDS[status]])}
        onChoose={(value) => onFilter({ ...filter, status: STATUSES.find((status) => status === value) ?? null })}
      />
      <Choice
        label="Tag"
        value={filter.tag}
        choices={choices.tags.map((tag) => [tag, tag])}
        onChoose={(tag) => onFilter({ ...filter, tag })}
      />
      <Choice
        label="Key"
        value={filter.key}
        choices={choices.keys.map((key) => [key, key])}
        onChoose={(key) => onFilter({ ...filter, key })}
      />
      <Field label="Sort by" labelHidden className="w-40 shrink-0 lg:hidden">
        {(control) => (
          <Select
            {...control}
            value={sort.by}
            onChange={(event) => onSort({ by: event.currentTarget.value as SortKey, isDescending: false })}
          >
            {Object.entries(SORT_WORDS).map(([by, words]) => (
              <option key={by} value={by}>
                By {words.toLowerCase()}
              </option>
            ))}
          </Select>
        )}
      </Field>
      {isFiltered ? (
        <Button variant="ghost" onClick={() => onFilter(NO_FILTER)}>
          Clear
        </Button>
      ) : null}
    </search>
  )
}

interface ChoiceProps {
  label: string
  value: string | null
  choices: readonly (readonly [value: string, words: string])[]
  onChoose: (value: string | null) => void
}

function Choice({ label, value, choices, onChoose }: ChoiceProps) {
  return (
    <Field label={`Filter by ${label.toLowerCase()}`} labelHidden className="w-36 shrink-0">
      {(control) => (
        <Select {...control} value={value ?? ''} onChange={(event) => onChoose(event.currentTarget.value || null)}>
          <option value="">Any {label.toLowerCase()}</option>
          {choices.map(([choice, words]) => (
            <option key={choice} value={choice}>
              {words}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

/** "/" goes to the search from anywhere but a text. */
function useSlashToSearch(search: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isInText =
        event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [role=dialog]')
      if (event.key !== '/' || event.metaKey || event.ctrlKey || isInText) return
      event.preventDefault()
      search.current?.focus()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [search])
}
