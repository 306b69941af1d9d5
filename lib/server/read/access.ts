import 'server-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { Viewer } from '@/lib/entity/viewer'
import { isOver, type Session } from '../session'
import { viewerOf, type StoredViewer } from '../stored-viewer'
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
export async function confirmReader(reader: Reader): Promise<Parsed<Shape>> {
  return judgeReader(reader, await viewerQueue().read(reader.session.user_id))
}

/** The same by what a query that began after the answer tells of the reader; undefined for people unknown or closed. */
export function judgeReader({ session, entity, requested }: Reader, stored: StoredViewer | undefined): Parsed<Shape> {
  const viewer = presentViewer(session, stored)
  return viewer ? shapeFor(viewer, entity, requested) : { ok: false, failure: SIGNED_OUT }
}

/** The viewer of a session by a query that begins after this call; null when the session ended. */
export async function confirmViewer(session: Session): Promise<Viewer | null> {
  return presentViewer(session, await viewerQueue().read(session.user_id))
}

function presentViewer(session: Session, stored: StoredViewer | undefined): Viewer | null {
  return isOver(session) ? null : viewerOf(stored, session)
}
