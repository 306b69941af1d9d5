'use client'
import 'client-only'
import { useMemo } from 'react'
import type { EntityName, Row } from '@/entities'
import type { Failure } from '@/lib/protocol/errors'
import type { JsonRow } from '@/lib/protocol/json'
import { NOTHING_YET, type RowStatus, type ShapeStatus, type ShapeView } from '../types'
import { useSource, useSync } from './context'

/**
 * Narrows and orders rows. Keep it stable between renders (`useMemo`, or a constant outside the component):
 * a new object means the rows are filtered and sorted again.
 */
export interface Query<Name extends EntityName> {
  where?: (row: Row<Name>) => boolean
  orderBy?: (a: Row<Name>, b: Row<Name>) => number
}

export interface Rows<Name extends EntityName> {
  rows: readonly Row<Name>[]
  status: ShapeStatus
  error: Failure | null
}

/**
 * Live rows of one entity in one scope (the uuid of a band, project or user), unconfirmed writes included.
 * Without a scope: the person's own rows (`band_members` without scope are my bands). `null` reads nothing, for a scope
 * that is not known yet.
 */
export function useRows<Name extends EntityName>(entity: Name, scope?: string | null, query?: Query<Name>): Rows<Name> {
  const view = useShapeView(entity, scope)
  const rows = useMemo(() => applyQuery<Name>(view.rows, query), [view.rows, query])
  return { rows, status: view.status, error: view.error }
}

/** One row, or null while it is unknown; renders again only when this row changed. */
export function useRow<Name extends EntityName>(
  entity: Name,
  scope: string | null | undefined,
  key: string | null,
): Row<Name> | null {
  const sync = useSync()
  const source = useMemo(
    () => (sync && key !== null && scope !== null ? sync.row({ entity, scope: scope ?? null }, key) : null),
    [sync, entity, scope, key],
  )
  // Rows in the store passed this entity's schema, so they are its rows.
  return useSource(source, null) as Row<Name> | null
}

/** The sync status of one row, by its key. */
export function useRowStatus(entity: EntityName, key: string): RowStatus {
  const sync = useSync()
  const source = useMemo(() => (sync ? sync.rowStatus(entity, key) : null), [sync, entity, key])
  return useSource<RowStatus>(source, 'synced')
}

/** The whole picture of a shape, by key. */
export function useShapeView(entity: EntityName, scope?: string | null): ShapeView {
  const sync = useSync()
  const source = useMemo(
    () => (sync && scope !== null ? sync.shape({ entity, scope: scope ?? null }) : null),
    [sync, entity, scope],
  )
  return useSource(source, NOTHING_YET)
}

function applyQuery<Name extends EntityName>(
  all: ReadonlyMap<string, JsonRow>,
  query: Query<Name> | undefined,
): readonly Row<Name>[] {
  let rows = [...all.values()] as unknown as Row<Name>[]
  if (query?.where) rows = rows.filter(query.where)
  if (query?.orderBy) rows.sort(query.orderBy)
  return rows
}
