'use client'

import { useMemo, useState } from 'react'
import type { Json, JsonRow } from '@/lib/protocol/json'

/** A field that somebody else changed while it is open here. */
export interface ForeignChange {
  field: string
  value: Json
}

export interface DraftState {
  /** What the editor shows. */
  values: JsonRow
  /** Per field, what the row held when it was last seen or written here. */
  seen: JsonRow
}

/** The fields that changed underneath: not by this editor, and not to what it shows already. */
export function foreignChanges({ values, seen }: DraftState, row: JsonRow): ForeignChange[] {
  return Object.keys(values)
    .filter((field) => !isSame(row[field], seen[field]) && !isSame(row[field], values[field]))
    .map((field) => ({ field, value: row[field] ?? null }))
}

/** What an editor holds after a keystroke: its own write is no news to it. */
export function withTyped(state: DraftState, field: string, value: Json): DraftState {
  return { values: { ...state.values, [field]: value }, seen: { ...state.seen, [field]: value } }
}

/** What an editor holds after taking over what stands in the row. */
export function withTaken(state: DraftState, field: string, row: JsonRow): DraftState {
  return withTyped(state, field, row[field] ?? null)
}

/**
 * Holds the fields of one row while it is open for editing: the text under the cursor never moves, changes from
 * elsewhere are reported instead.
 */
export function useRowDraft(row: JsonRow, fields: readonly string[]) {
  const [state, setState] = useState<DraftState>(() => {
    const values = Object.fromEntries(fields.map((field) => [field, row[field] ?? null]))
    return { values, seen: values }
  })
  const changes = useMemo(() => foreignChanges(state, row), [state, row])
  return {
    values: state.values,
    changes,
    setField: (field: string, value: Json) => setState((before) => withTyped(before, field, value)),
    takeTheirs: (field: string) => setState((before) => withTaken(before, field, row)),
  }
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null)
}
