'use client'
import 'client-only'
import { useOutbox } from './state'

/** False for a band or project that was made here and that no server knows yet: its doors would refuse. */
export function useIsBorn(scope: string | null): boolean {
  const { entries } = useOutbox()
  return !entries.some(({ op, key, state }) => op === 'insert' && key === scope && state !== 'saved')
}
