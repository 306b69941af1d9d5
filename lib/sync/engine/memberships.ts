import 'client-only'
import { type ShapeState, rowsOf } from '../store/known-shape'
import type { BandRole, ProjectRole, Viewer } from '@/lib/entity/viewer'
import { textIn } from '@/lib/protocol/json'
import type { ShapeName } from '../types'

/** My memberships: what may be streamed follows from them, so they come first. */
export const MEMBERSHIP_SHAPES: readonly [bands: ShapeName, projects: ShapeName] = [
  { entity: 'band_members', scope: null },
  { entity: 'project_users', scope: null },
]

/** Where this person belongs, as the two shapes of their own memberships say. */
export interface Memberships {
  viewer: Viewer
  /** When I joined each container (ISO). */
  joinedAt: ReadonlyMap<string, string>
  /** Both shapes are complete, if only from the cache. */
  isKnown: boolean
  /** Both shapes are as far as the server was heard: what is missing is gone. */
  isFresh: boolean
}

/** Reads memberships from confirmed rows alone: a band that only this device knows opens no streams. */
export function membershipsOf(userId: string, bands: ShapeState, projects: ShapeState): Memberships {
  const bandRoles = new Map<string, BandRole>()
  const projectRoles = new Map<string, ProjectRole>()
  const joinedAt = new Map<string, string>()
  for (const row of rowsOf(bands).values()) {
    const band = textIn(row, 'band_id')
    bandRoles.set(band, bandRole(row['role']))
    joinedAt.set(band, textIn(row, 'joined_at'))
  }
  for (const row of rowsOf(projects).values()) {
    const project = textIn(row, 'project_id')
    projectRoles.set(project, row['role'] === 'owner' ? 'owner' : 'collaborator')
    joinedAt.set(project, textIn(row, 'created_at'))
  }
  const states = [bands, projects]
  return {
    viewer: { user_id: userId, bands: bandRoles, projects: projectRoles },
    joinedAt,
    isKnown: states.every(({ kind }) => kind === 'stale' || kind === 'ready' || kind === 'refetching'),
    isFresh: states.every(({ kind }) => kind === 'ready'),
  }
}

function bandRole(role: unknown): BandRole {
  return role === 'owner' || role === 'collaborator' ? role : 'viewer'
}
