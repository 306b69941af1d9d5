import 'server-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { Viewer } from '@/lib/entity/viewer'
import { isOver, type Session } from '../session'
import { viewerOf } from '../stored-viewer'
import { SIGNED_OUT } from '../viewer'
import { viewerQueue } from '../viewer-queue'
import { shapeFor, type Shape } from './shape'
import type { Parsed } from './shape-query'

/** Somebody who reads a shape, as they said it. */
export interface Reader {
  session: Session
  entity: AnyEntity
  /** The scope they named; null for none. */
  requested: string | null
}

/**
 * Whether the reader may have what upstream just answered, by a query that begins after this call. Called between an
 * answer and its first byte, it keeps everything committed after a removal from the removed.
 */
export async function confirmReader({ session, entity, requested }: Reader): Promise<Parsed<Shape>> {
  const viewer = await confirmViewer(session)
  return viewer ? shapeFor(viewer, entity, requested) : { ok: false, failure: SIGNED_OUT }
}

/** The viewer of a session by a query that begins after this call; null when the session ended. */
export async function confirmViewer(session: Session): Promise<Viewer | null> {
  const viewer = viewerOf(await viewerQueue().read(session.user_id), session)
  return isOver(session) ? null : viewer
}
