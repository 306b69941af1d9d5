'use client'

import { useSyncExternalStore } from 'react'

/** Moves to a path without asking the server: the whole app is on this one page. */
export function navigate(path: string): void {
  if (path === window.location.pathname + window.location.search) return
  window.history.pushState(null, '', path)
  moved()
}

/** Changes the path in place: the back button skips what was there. */
export function redirect(path: string): void {
  window.history.replaceState(null, '', path)
  moved()
}

/** The path that is open; null while the page is not hydrated, because the prerendered page serves every path. */
export function usePathname(): string | null {
  return useSyncExternalStore(listen, readPathname, () => null)
}

const listeners = new Set<() => void>()

function moved(): void {
  for (const listener of listeners) listener()
}

function listen(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('popstate', listener)
  }
}

function readPathname(): string {
  return window.location.pathname
}
