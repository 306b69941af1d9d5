import 'client-only'
import { isJsonObject } from '@/lib/protocol/json'

/** How this installation wants its clients to follow changes. */
export interface ServerSettings {
  isRealtime: boolean
  syncIntervalMs: number
}

/** Reads the settings out of what `GET /api/me` answered; null where it says nothing of them. */
export function settingsIn(me: unknown): ServerSettings | null {
  if (!isJsonObject(me) || !isJsonObject(me['flags'])) return null
  const { realtime } = me['flags']
  const syncIntervalMs = me['syncIntervalMs']
  if (typeof realtime !== 'boolean' || typeof syncIntervalMs !== 'number' || !(syncIntervalMs > 0)) return null
  return { isRealtime: realtime, syncIntervalMs }
}
