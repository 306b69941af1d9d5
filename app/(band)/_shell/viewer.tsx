'use client'

import { createContext, useContext, useMemo, type ReactNode } from 'react'
import { entityNamed, type EntityName, type Row } from '@/entities'
import { mayDelete, mayInsert, refusedFields } from '@/lib/entity/access'
import type { BandRole, Viewer } from '@/lib/entity/viewer'
import { useRows } from '@/lib/sync'
import type { ShapeStatus } from '@/lib/sync'
import type { JsonRow } from '@/lib/protocol/json'
import type { Me } from './me'

export type Membership = Row<'band_members'>

interface Known {
  me: Me
  viewer: Viewer
  /** My memberships, oldest first. */
  memberships: readonly Membership[]
  membershipsStatus: ShapeStatus
  /** Asks the server again who I am: after my name or picture changed. */
  refreshMe: () => void
}

const ViewerContext = createContext<Known | null>(null)

const OLDEST_FIRST = {
  orderBy: (a: Membership, b: Membership) => (a.joined_at < b.joined_at ? -1 : a.joined_at > b.joined_at ? 1 : 0),
}

interface ViewerProviderProps {
  me: Me
  refreshMe: () => void
  children: ReactNode
}

/** Knows who looks and in which bands they are, live: what the screens may offer follows from it. */
export function ViewerProvider({ me, refreshMe, children }: ViewerProviderProps) {
  const { rows, status } = useRows('band_members', undefined, OLDEST_FIRST)
  const known = useMemo<Known>(
    () => ({
      me,
      refreshMe,
      memberships: rows,
      membershipsStatus: status,
      viewer: {
        user_id: me.user.id,
        bands: new Map<string, BandRole>(rows.map((row) => [row.band_id, row.role])),
        projects: new Map(),
      },
    }),
    [me, refreshMe, rows, status],
  )
  return <ViewerContext value={known}>{children}</ViewerContext>
}

/** Who looks, and their bands. */
export function useViewer(): Known {
  const known = useContext(ViewerContext)
  if (!known) throw new Error('useViewer: outside ViewerProvider')
  return known
}

/** What the viewer may do in a band with an entity, by the entity's own declaration; the doors decide, this only offers. */
export function usePermissions(entity: EntityName, scope: string) {
  const { viewer } = useViewer()
  return useMemo(() => {
    const declaration = entityNamed(entity)
    if (!declaration) throw new Error(`usePermissions: no entity ${entity}`)
    const subject = (row: object) => ({ entity: declaration, scope, row: row as JsonRow, viewer })
    return {
      mayInsert: mayInsert(declaration, scope, {}, viewer),
      mayChange: (row: object, field: string) => refusedFields(subject(row), [field]).length === 0,
      mayDelete: (row: object) => mayDelete(subject(row)),
    }
  }, [entity, scope, viewer])
}
