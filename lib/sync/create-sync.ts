import 'client-only'
import type { Actor } from '@/lib/entity/define'
import { browserPlatform } from './browser-platform'
import { Engine } from './engine/engine'
import type { Platform } from './platform'
import type { Sync } from './sync'

export interface SyncOptions {
  actor: Actor
  /** Where the doors are; the page's own origin unless set. */
  apiOrigin?: string
  /** What the layer runs on; this browser unless set. */
  platform?: Platform
}

/** Starts the sync layer of one person in this tab. */
export function createSync({ actor, apiOrigin, platform }: SyncOptions): Sync {
  return new Engine(platform ?? browserPlatform(apiOrigin ?? location.origin), actor)
}
