import 'client-only'
import type { Actor } from '@/lib/entity/define'
import type { Sync } from './sync'

export interface SyncOptions {
  actor: Actor
  /** Where the doors are; the page's own origin unless set. */
  apiOrigin?: string
}

/** Starts the sync layer of one person in this tab. */
export declare function createSync(options: SyncOptions): Sync
