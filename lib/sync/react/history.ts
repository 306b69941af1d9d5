'use client'
import 'client-only'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { entityNamed, type EntityName, type Row } from '@/entities'
import type { Failure } from '@/lib/protocol/errors'
import type { JsonRow } from '@/lib/protocol/json'
import type { ShapeStatus } from '../types'
import { useIsBorn } from './born'
import { useSync } from './context'
import { layerKey, queryClient } from './query-client'
import { useShapeView } from './rows'

export interface History<Name extends EntityName> {
  /** Newest first, live and loaded rows merged by key, unconfirmed writes included. */
  rows: readonly Row<Name>[]
  status: ShapeStatus
  error: Failure | null
  hasOlder: boolean
  isLoadingOlder: boolean
  loadOlder(): void
}

/** An entity that grows without end: live from now on, older rows in pages of 100. `group` is the entity's group column's value. */
export function useHistory<Name extends EntityName>(entity: Name, scope: string | null, group?: string): History<Name> {
  const sync = useSync()
  const view = useShapeView(entity, scope)
  const isBorn = useIsBorn(scope)
  const pages = useInfiniteQuery(
    {
      queryKey: [sync && layerKey(sync), 'history', entity, scope, group ?? null, view.generation],
      // The first page is fetched after the live shape stands, so that nothing falls between them.
      enabled: sync !== null && scope !== null && isBorn && view.status === 'ready',
      queryFn: ({ pageParam }) => {
        if (!sync || scope === null) throw new Error('useHistory: fetched while disabled')
        return sync.historyPage({ entity, scope, ...(group === undefined ? {} : { group }) }, pageParam)
      },
      initialPageParam: null as string | null,
      getNextPageParam: (page) => page.next,
      staleTime: Infinity,
      retry: true,
    },
    queryClient,
  )
  const rows = useMemo(() => newestFirst<Name>(view.rows, entity, group), [view.rows, entity, group])
  const { fetchNextPage } = pages
  return {
    rows,
    status: view.status,
    error: view.error,
    hasOlder: pages.hasNextPage,
    isLoadingOlder: pages.isFetching,
    loadOlder: () => void fetchNextPage(),
  }
}

function newestFirst<Name extends EntityName>(
  all: ReadonlyMap<string, JsonRow>,
  entity: Name,
  group: string | undefined,
): readonly Row<Name>[] {
  const column = entityNamed(entity)?.history?.group
  const rows = [...all.values()].filter((row) => group === undefined || !column || row[column] === group)
  rows.sort((a, b) => compareText(b['created_at'], a['created_at']) || compareText(b['id'], a['id']))
  return rows as unknown as Row<Name>[]
}

function compareText(a: unknown, b: unknown): number {
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}
