import type { Page } from 'playwright-core'

/** What a browser keeps of one person (lib/sync/cache/indexeddb.ts). */
export type Kept = {
  /** How many rows, and how many unsent writes. */
  rows: number
  outbox: number
  /** The shapes whose first snapshot is there to its end: `songs/<uuid>`, `band_members/mine`. */
  wholeShapes: string[]
}

/** What this browser keeps, by the ids of the people whose it is. */
export function keptIn(page: Page): Promise<Record<string, Kept>> {
  return page.evaluate(async () => {
    const answerOf = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result))
        request.addEventListener('error', () => reject(new Error(request.error?.message)))
      })
    const kept: Record<string, Kept> = {}
    for (const { name = '' } of await indexedDB.databases()) {
      if (!name.startsWith('backline-')) continue
      const database = await answerOf(indexedDB.open(name))
      const store = (of: string) => database.transaction(of).objectStore(of)
      const shapes = (await answerOf(store('shapes').getAll())) as { id: string; isComplete: boolean }[]
      const segments = (await answerOf(store('segments').getAll())) as string[]
      kept[name.slice('backline-'.length)] = {
        // Later segments win; null is a row that is gone.
        rows: [...new Map(segments.flatMap((segment) => JSON.parse(segment) as [string, unknown][])).values()].filter(
          Boolean,
        ).length,
        outbox: await answerOf(store('outbox').count()),
        wholeShapes: shapes.flatMap(({ id, isComplete }) => (isComplete ? [id] : [])),
      }
      database.close()
    }
    return kept
  })
}
