import 'client-only'
import type { JsonRow } from '@/lib/protocol/json'
import type { ConnectionView, Intent, MadeWrite, OutboxItem, RowStatus, ShapeName, ShapeView, SyncEvent } from './types'

/** Something that can be read now and tells when it changed: what `useSyncExternalStore` takes. */
export interface Source<T> {
  read(): T
  subscribe(listener: () => void): () => void
}

/** Rows older than what the live shape holds, from the history door. */
export interface HistoryPage {
  rows: JsonRow[]
  /** Opaque cursor of the next older page; null at the beginning of time. */
  next: string | null
}

/** What `@electric-sql/react` reads shapes with, over this browser's connection. */
export interface UncachedReads {
  readonly origin: string
  /** A stream's `fetchClient`, for urls `<origin>/api/shapes/<entity>`. */
  readonly fetch: typeof fetch
  /** Aborts when the sync layer ends: streams end with it. */
  readonly signal: AbortSignal
}

/**
 * The sync layer of one signed-in person in one tab. React hooks are thin readers of it; scripts and tests use it as is.
 */
export interface Sync {
  readonly userId: string
  /** One per browser profile and user; known once the local store is open. */
  readonly clientId: Source<string | null>
  /** For shapes that need neither cache nor overlay. */
  readonly uncached: UncachedReads
  /** Rows with unconfirmed writes laid over them. Subscribing opens the shape, the last reader's leaving closes it. */
  shape(name: ShapeName): Source<ShapeView>
  /** One row of a shape; same object as long as nothing in it changed. */
  row(name: ShapeName, key: string): Source<JsonRow | null>
  rowStatus(entity: string, key: string): Source<RowStatus>
  readonly connection: Source<ConnectionView>
  readonly outbox: Source<readonly OutboxItem[]>
  /** Makes a write: id, key, base and time are fixed now, the overlay shows it in this frame. */
  write(entity: string, intent: Intent): MadeWrite
  /** Sends what is still held back for coalescing: at blur, hide and close. */
  flush(): void
  /** Tries a refused write again as it is. */
  retry(id: string): void
  /** Replaces the values of a refused write and tries again. */
  edit(id: string, values: JsonRow): void
  /** Gives a refused or unsent write up, with whatever depends on it. */
  discard(id: string): void
  /** Everything unsent and refused, as JSON text a person can keep. */
  exportOutbox(): string
  /** Keeps all shapes of a container live in the background while the returned function is not called. */
  openScope(scope: string): () => void
  /** Marks a row's version as read on all of this person's devices; does nothing when it is not unread. */
  markRead(entity: string, row: JsonRow, lastRead?: string): void
  /** One older page of a growing entity; its rows join the shape and stay readable offline. */
  historyPage(name: { entity: string; scope: string; group?: string }, before: string | null): Promise<HistoryPage>
  /** Rows people asked to keep on this device even when the cache is over budget. */
  pin(name: ShapeName, isPinned: boolean): void
  observe(listener: (event: SyncEvent) => void): () => void
  /** Tries now whatever waits: the network came back, the page was looked at. */
  wake(): void
  /**
   * Ends all streams, then the session, by `endSession`; once that is true the outbox is sealed for its owner and cached rows are deleted. Where it is
   * false or rejects all goes on as before.
   */
  signOut(endSession: () => Promise<boolean>): Promise<void>
  /** Ends every stream, timer and listener; what is stored stays. */
  close(): Promise<void>
}
