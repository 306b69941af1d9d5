'use client'
import 'client-only'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { EntityName, Insert, Patch } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import { browserTimers } from '../browser-platform'
import { part } from '../part'
import type { Sync } from '../sync'
import type { Intent, MadeWrite } from '../types'
import { useSync } from './context'
import type { WriteMutation, WriteOptions } from './write-observer'

/** A write of one entity; each helper shows it in this frame and returns its final id and key. */
export interface Writer<Name extends EntityName> {
  /** `key` may name the new row; otherwise one is made (derived where the entity says so). */
  insert: (values: Insert<Name>, key?: string) => MadeWrite
  /** Sends only what `patch` names. `typing` gathers keystrokes for 500 ms; blur, hide and close send at once. */
  update: (key: string, patch: Patch<Name>, options?: { typing?: boolean }) => MadeWrite
  remove: (key: string) => MadeWrite
  restore: (key: string, patch?: Patch<Name>) => MadeWrite
  /** The TanStack mutation of the latest write: `isPending`, `error`, `data`; settles when the outbox settles. */
  mutation: WriteMutation
  /** False for the moment before the sync layer runs: a form's button waits for it. */
  isReady: boolean
}

/** Writes rows of an entity. Nothing waits for the network; the outbox owns the only retry loop. */
export function useWrite<Name extends EntityName>(entity: Name, options: WriteOptions = {}): Writer<Name> {
  const sync = useSync()
  const { mutation, follow } = useMutationOf(sync, entity, options)
  const helpers = useMemo(() => {
    const make = (intent: Intent): MadeWrite => {
      if (!sync) throw new Error('useWrite: the sync layer is not running yet; check isReady')
      const made = sync.write(entity, intent)
      void follow(made)
      return made
    }
    return {
      insert: (values: Insert<Name>, key?: string) =>
        make({ op: 'insert', values: columns(values), ...(key === undefined ? {} : { key }) }),
      update: (key: string, patch: Patch<Name>, { typing = false }: { typing?: boolean } = {}) =>
        make({ op: 'update', key, patch: columns(patch), typing }),
      remove: (key: string) => make({ op: 'delete', key }),
      restore: (key: string, patch?: Patch<Name>) =>
        make({ op: 'restore', key, ...(patch ? { patch: columns(patch) } : {}) }),
    }
  }, [sync, entity, follow])
  return { ...helpers, mutation, isReady: sync !== null }
}

const IDLE: WriteMutation = {
  status: 'idle',
  isPending: false,
  data: undefined,
  error: null,
}

/** A mutation of the writes it is told to follow. TanStack comes with the first of them, and the write does not wait for it. */
function useMutationOf(sync: Sync | null, entity: string, options: WriteOptions) {
  const [mutation, setMutation] = useState(IDLE)
  const latest = useRef<{ options: WriteOptions; made: MadeWrite | null }>({ options, made: null })
  useEffect(() => {
    latest.current.options = options
  })
  const follow = useCallback(
    async (made: MadeWrite) => {
      if (!sync) return
      latest.current.made = made
      setMutation({ ...IDLE, status: 'pending', isPending: true })
      const { observeWrite } = await part(browserTimers, sync.uncached.signal, () => import('./write-observer'))
      observeWrite({
        entity,
        made,
        options: () => latest.current.options,
        onResult: (result) => {
          if (latest.current.made === made) setMutation(result)
        },
      })
    },
    [sync, entity],
  )
  return { mutation, follow }
}

/** Columns that are present: a field set to undefined means "not named". */
function columns(values: object): JsonRow {
  const named: JsonRow = {}
  for (const [name, value] of Object.entries(values)) if (value !== undefined) named[name] = value
  return named
}
