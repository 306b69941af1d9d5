'use client'

import * as z from 'zod/mini'

/** Who is signed in, as `GET /api/me` says: the part that the app shows and works with. */
const meSchema = z.object({
  user: z.object({
    id: z.uuid(),
    name: z.nullable(z.string()),
    email: z.nullable(z.string()),
    image: z.nullable(z.string()),
  }),
  flags: z.object({ syncIcons: z.boolean(), toasts: z.boolean() }),
})

export type Me = z.infer<typeof meSchema>

export type MeAnswer = { kind: 'in'; me: Me } | { kind: 'signed-out' } | { kind: 'unreachable' }

const KEY = 'backline.me'

/** Asks the server who is signed in. Anything but its own answer (a captive portal's page, say) counts as no network. */
export async function fetchMe(signal: AbortSignal): Promise<MeAnswer> {
  const response = await fetch('/api/me', { signal, cache: 'no-store' }).catch(() => null)
  if (response?.status === 401) return { kind: 'signed-out' }
  if (!response?.ok) return { kind: 'unreachable' }
  const body = meSchema.safeParse(await response.json().catch(() => null))
  return body.success ? { kind: 'in', me: body.data } : { kind: 'unreachable' }
}

/** Who was signed in here last: lets the app open with no network. Null after sign-out or where nothing can be stored. */
export function readKeptMe(): Me | null {
  try {
    const kept = meSchema.safeParse(JSON.parse(localStorage.getItem(KEY) ?? 'null'))
    return kept.success ? kept.data : null
  } catch {
    return null
  }
}

/** Keeps who is signed in for the next opening; other tabs hear of it. */
export function keepMe(me: Me): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(me))
  } catch {
    // Private mode or a full disk: the app then opens with a network only.
  }
}

/** Forgets who was signed in; other tabs hear of it. */
export function forgetMe(): void {
  try {
    localStorage.removeItem(KEY)
  } catch {
    // Nothing was kept.
  }
}

/** Tells when another tab signed somebody in or out. */
export function onMeChangedElsewhere(listener: () => void): () => void {
  const hear = (event: StorageEvent) => {
    if (event.key === KEY || event.key === null) listener()
  }
  window.addEventListener('storage', hear)
  return () => window.removeEventListener('storage', hear)
}
