import 'server-only'
import { createHash } from 'node:crypto'
import { isJsonObject } from '@/lib/protocol/json'

/** Deeper than any column goes; deeper JSON is refused before anything walks it. */
export const JSON_DEPTH_MAX = 32

/** Whether arrays and objects are nested more than `JSON_DEPTH_MAX` deep. */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth >= JSON_DEPTH_MAX || Object.values(value).some((child) => isTooDeep(child, depth + 1))
}

/**
 * SHA-256, hex, of what a write says, as received: the same write sent again has the same, whatever the order of its keys. Its own id and
 * the device's time are left out: they decide nothing.
 */
export function contentHash(write: Record<string, unknown>): string {
  const { id: _id, at: _at, ...content } = write
  return createHash('sha256').update(canonicalJson(content)).digest('hex')
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null'
  const pairs = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`)
  return `{${pairs.join(',')}}`
}
