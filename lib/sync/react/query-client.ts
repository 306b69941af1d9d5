import 'client-only'
import { QueryClient } from '@tanstack/react-query'
import type { Sync } from '../sync'

/** TanStack's client of this page: it comes with the first write or the first page of history, and nothing waits for it. */
export const queryClient = new QueryClient({
  // The outbox owns the only retry loop; queries serve history alone.
  defaultOptions: { mutations: { retry: 0, networkMode: 'always' }, queries: { networkMode: 'always' } },
})
// A retry that was put off while nobody looked goes on when somebody does.
queryClient.mount()

const keys = new WeakMap<Sync, string>()

/** What the keys of all queries of a sync layer begin with. When the layer ends, what they loaded is forgotten. */
export function layerKey(sync: Sync): string {
  const known = keys.get(sync)
  if (known !== undefined) return known
  const key = crypto.randomUUID()
  keys.set(sync, key)
  sync.uncached.signal.addEventListener('abort', () => queryClient.removeQueries({ queryKey: [key] }))
  return key
}
