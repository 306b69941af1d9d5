'use client'
import 'client-only'
import { useMutation, type UseMutationResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { EntityName, Insert, Patch } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import type { Intent, MadeWrite, Settled, WriteRefused } from '../types'
import { useSync } from './context'

/** A write of one entity; each helper shows it in this frame and returns its final id and key. */
export interface Writer<Name extends EntityName> {
  /** `key` may name the new row; otherwise one is made (derived where the entity says so). */
  insert: (values: Insert<Name>, key?: string) => MadeWrite
  /** Sends only what `patch` names. `typing` gathers keystrokes for 500 ms; blur, hide and close send at once. */
  update: (key: string, patch: Patch<Name>, options?: { typing?: boolean }) => MadeWrite
  remove: (key: string) => MadeWrite
  restore: (key: string, patch?: Patch<Name>) => MadeWrite
  /** The mutation of the latest write: `isPending`, `error`, `onSuccess`; settles when the outbox settles. */
  mutation: UseMutationResult<Settled, WriteRefused, MadeWrite>
  /** False for the moment before the sync layer runs: a form's button waits for it. */
  isReady: boolean
}

export interface WriteOptions {
  onSuccess?: (settled: Settled) => void
  onError?: (refused: WriteRefused) => void
}

/** Writes rows of an entity. Nothing waits for the network; the outbox owns the only retry loop. */
export function useWrite<Name extends EntityName>(entity: Name, options: WriteOptions = {}): Writer<Name> {
  const sync = useSync()
  const { onSuccess, onError } = options
  const mutation = useMutation<Settled, WriteRefused, MadeWrite>({
    mutationKey: ['write', entity],
    mutationFn: (made) => made.settled,
    retry: 0,
    networkMode: 'always',
    ...(onSuccess ? { onSuccess } : {}),
    ...(onError ? { onError } : {}),
  })
  const { mutate } = mutation
  const helpers = useMemo(() => {
    const make = (intent: Intent): MadeWrite => {
      if (!sync) throw new Error('useWrite: the sync layer is not running yet; check isReady')
      const made = sync.write(entity, intent)
      mutate(made)
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
  }, [sync, entity, mutate])
  return { ...helpers, mutation, isReady: sync !== null }
}

/** Columns that are present: a field set to undefined means "not named". */
function columns(values: object): JsonRow {
  const named: JsonRow = {}
  for (const [name, value] of Object.entries(values)) if (value !== undefined) named[name] = value
  return named
}
