/** Roles in a band; projects know only the first two. */
export type BandRole = 'owner' | 'collaborator' | 'viewer'
export type ProjectRole = 'owner' | 'collaborator'

/** The person a request acts for, with every container they belong to: read per request, never from a token. */
export interface Viewer {
  user_id: string
  bands: ReadonlyMap<string, BandRole>
  projects: ReadonlyMap<string, ProjectRole>
}
