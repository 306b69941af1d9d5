'use client'

import { useSyncExternalStore } from 'react'

// The pages are prerendered without an address; the browser's own is known after hydration and stays as it is.
const never = () => () => {}
const nothing = () => null

/** One parameter of the page's address; null before hydration and where it is missing. */
export function useAddressParam(name: string): string | null {
  return useSyncExternalStore(never, () => new URLSearchParams(window.location.search).get(name), nothing)
}

/** Where the person was when they were asked to sign in. The server decides whether to go there. */
export function useCallbackUrl(): string | null {
  return useAddressParam('callbackUrl')
}

/** The code in the address of an invite page, `/invite/<code>`. */
export function useInviteCode(): string | null {
  return useSyncExternalStore(never, () => codeIn(window.location.pathname), nothing)
}

function codeIn(path: string): string | null {
  const code = /^\/invite\/([^/]+)/.exec(path)?.[1]
  if (code === undefined) return null
  try {
    return decodeURIComponent(code)
  } catch {
    return code
  }
}
