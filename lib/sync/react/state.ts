'use client'
import 'client-only'
import { useEffect, useMemo } from 'react'
import type { EntityName, Row } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import type { ConnectionView, Decision, OutboxItem, Question } from '../types'
import { questionFrom } from '../conflicts'
import { newConnection } from '../connection/connection'
import { connectionView } from '../engine/views'
import { useSource, useSync } from './context'
import { useShapeView } from './rows'

const STARTING = connectionView({
  connection: newConnection(0),
  unsent: [],
  sender: { kind: 'idle' },
  now: 0,
  durability: 'kept',
  storage: null,
})

/** What was observed of the connection, and what is unsent. */
export function useConnection(): ConnectionView {
  return useSource(useSync()?.connection ?? null, STARTING)
}

const NO_ITEMS: readonly OutboxItem[] = []

export interface Outbox {
  /** Everything not settled yet, oldest first. */
  entries: readonly OutboxItem[]
  refused: readonly OutboxItem[]
  /** Entries the server has not answered. */
  pendingCount: number
  retry: (id: string) => void
  edit: (id: string, values: JsonRow) => void
  discard: (id: string) => void
  /** Everything unsent and refused, as JSON text. */
  export: () => string
}

/** The outbox in plain words: what waits, why, since when. */
export function useOutbox(): Outbox {
  const sync = useSync()
  const items = useSource(sync?.outbox ?? null, NO_ITEMS)
  return useMemo(() => {
    const entries = items.filter((item) => item.state !== 'refused')
    return {
      entries,
      refused: items.filter((item) => item.state === 'refused'),
      pendingCount: entries.filter((item) => item.state !== 'saved').length,
      retry: (id) => sync?.retry(id),
      edit: (id, values) => sync?.edit(id, values),
      discard: (id) => sync?.discard(id),
      export: () => sync?.exportOutbox() ?? '[]',
    }
  }, [items, sync])
}

export interface Conflicts {
  /** Open questions, oldest first. */
  questions: readonly Question[]
  /** Settles a question; the server applies the decision to the row in one transaction. */
  decide: (id: string, decision: Decision) => void
}

/** Open questions of a band or project; without a scope those about my own rows. */
export function useConflicts(scope?: string | null): Conflicts {
  const sync = useSync()
  const { rows } = useShapeView('conflicts', scope)
  return useMemo(() => {
    const questions: Question[] = []
    for (const row of rows.values()) {
      const question = questionFrom(row)
      if (question) questions.push(question)
    }
    questions.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    return {
      questions,
      decide(id, decision) {
        const patch: JsonRow =
          decision.kind === 'edited'
            ? { decision: 'edited', decided_value: decision.value }
            : { decision: decision.kind }
        sync?.write('conflicts', { op: 'update', key: id, patch })
      },
    }
  }, [rows, sync])
}

/** Keeps every shape of a band or project live while this component is mounted: the band that is open. */
export function useOpenScope(scope: string | null): void {
  const sync = useSync()
  useEffect(() => (sync && scope !== null ? sync.openScope(scope) : undefined), [sync, scope])
}

/** Marks the row read while it is looked at: once per version. */
export function useMarkRead<Name extends EntityName>(entity: Name, row: Row<Name> | null): void {
  const sync = useSync()
  useEffect(() => {
    // Rows are JSON by construction; their types are narrower.
    if (sync && row) sync.markRead(entity, row as unknown as JsonRow)
  }, [sync, entity, row])
}
