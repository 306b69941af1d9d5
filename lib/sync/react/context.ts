'use client'
import 'client-only'
import { createContext, useCallback, useContext, useSyncExternalStore } from 'react'
import type { Source, Sync } from '../sync'

/** The sync layer of the signed-in person; null while it starts and on the server. */
export const SyncContext = createContext<Sync | null>(null)

/** The sync layer itself, for what no hook covers; null until the page is hydrated. */
export function useSync(): Sync | null {
  return useContext(SyncContext)
}

const silent = (): (() => void) => () => undefined

/** Reads a source of the sync layer, or `fallback` while there is none (server, hydration). */
export function useSource<T>(source: Source<T> | null, fallback: T): T {
  const subscribe = useCallback((listener: () => void) => (source ? source.subscribe(listener) : silent()), [source])
  const read = () => (source ? source.read() : fallback)
  return useSyncExternalStore(subscribe, read, () => fallback)
}
