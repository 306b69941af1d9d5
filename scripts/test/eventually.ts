import { vi } from 'vitest'

/** A limit to waiting, never a measure: a loaded machine is slow, a broken guarantee never comes. */
const PATIENCE_MS = 60_000

/** Resolves once `check` passes; looks again often. */
export async function eventually(check: () => unknown): Promise<void> {
  await vi.waitFor(check, { timeout: PATIENCE_MS, interval: 10 })
}
