'use client'
import 'client-only'
import { FetchError, type Row as ShapeRow, type ShapeStreamOptions } from '@electric-sql/client'
import { useShape } from '@electric-sql/react'
import { useEffect, useEffectEvent, useMemo, useRef, useState } from 'react'
import type { Row } from '@/entities'
import { presence } from '@/entities/presence'
import { BACKLINE_HEADERS, SCOPE_PARAM } from '@/lib/protocol/names'
import { shapeParser } from '../shapes/messages'
import type { Sync } from '../sync'
import { useIsBorn } from './born'
import { useSource, useSync } from './context'
import {
  learnServerTime,
  msUntilTold,
  peopleHere,
  toldNothing,
  type Present,
  type ServerTime,
  type Told,
} from './presence-policy'
import { useConnection } from './state'

export interface Here {
  /** The path that is looked at. */
  page: string
  /** The row that is open for editing. */
  editing?: { entity: string; id: string }
}

/**
 * Tells a band where this person is, and answers who else is here: live, nobody twice. Presence is neither cached nor
 * queued; with no connection nothing is told, and the others are gone 45 s after they were last heard of.
 */
export function usePresence(bandId: string | null, here: Here): readonly Present[] {
  const sync = useSync()
  const { kind } = useConnection()
  const isBorn = useIsBorn(bandId)
  const band = isBorn ? bandId : null
  const rows = useBandRows(sync, band, kind)
  const clientId = useSource(sync?.clientId ?? null, null)
  const isConnected = kind === 'live' || kind === 'polling'
  const isShown = rows.some((row) => row.client_id === clientId && row.user_id === sync?.userId)
  useTelling({ sync, bandId: band, clientId, here, isConnected, isShown })
  return usePeople(rows, sync?.userId ?? '', here.page)
}

type Feed = ShapeStreamOptions & { signal: AbortSignal }

/** Read while there is nothing to read: its one request never ends. */
const NOTHING: ShapeStreamOptions = {
  url: 'https://nothing.invalid/',
  fetchClient: () => new Promise(() => undefined),
}

/** The band's rows from the first connection until sign-out, while the tab is visible (ShapeStream sees to that). */
function useBandRows(sync: Sync | null, bandId: string | null, kind: string): readonly Row<'presence'>[] {
  const [feed, setFeed] = useState<Feed | null>(null)
  const [isReachable, setIsReachable] = useState(false)
  const isNowReachable = kind === 'live' || kind === 'polling' || (isReachable && kind !== 'signed-out')
  if (isNowReachable !== isReachable) setIsReachable(isNowReachable)
  useEffect(() => {
    if (!sync || bandId === null || !isReachable) return undefined
    const stop = new AbortController()
    // oxlint-disable-next-line react/set-state-in-effect -- a stream lives from mount to unmount, so it is no part of rendering
    setFeed(feedOf(sync, bandId, AbortSignal.any([stop.signal, sync.uncached.signal])))
    return () => {
      stop.abort()
      setFeed(null)
    }
  }, [sync, bandId, isReachable])
  const { data } = useShape<ShapeRow>(feed === null || feed.signal.aborted ? NOTHING : feed)
  return useMemo(() => data.flatMap(readRow), [data])
}

function feedOf({ userId, uncached }: Sync, bandId: string, signal: AbortSignal): Feed {
  return {
    url: `${uncached.origin}/api/shapes/${presence.name}`,
    params: { [SCOPE_PARAM]: bandId },
    headers: { [BACKLINE_HEADERS.user]: userId },
    parser: shapeParser,
    fetchClient: uncached.fetch,
    // The live client's heartbeats are the watchdog.
    liveRequestTimeoutMs: false,
    warnOnHttp: false,
    signal,
    // A refusal is final until the band or the session is another; everything else is tried again.
    onError: (error) => (error instanceof FetchError && error.status < 500 ? undefined : {}),
  }
}

function readRow(columns: ShapeRow): Row<'presence'>[] {
  const read = presence.row.safeParse(columns)
  // The entity's own schema passed, so it is its row.
  return read.success ? [read.data as unknown as Row<'presence'>] : []
}

const NOBODY: readonly Present[] = []

function usePeople(rows: readonly Row<'presence'>[], userId: string, page: string): readonly Present[] {
  const [people, setPeople] = useState(NOBODY)
  const time = useRef<ServerTime | null>(null)
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      const nowMs = performance.now()
      time.current = learnServerTime(time.current, rows, nowMs)
      const next = peopleHere(rows, { userId, page }, time.current, nowMs)
      setPeople((before) => (JSON.stringify(before) === JSON.stringify(next.people) ? before : next.people))
      if (next.changesInMs !== null) timer = setTimeout(look, next.changesInMs)
    }
    look()
    return () => clearTimeout(timer)
  }, [rows, userId, page])
  return people
}

interface TellingOptions {
  sync: Sync | null
  bandId: string | null
  clientId: string | null
  here: Here
  isConnected: boolean
  /** The server's rows hold this browser's. */
  isShown: boolean
}

/** Tells on change and every 30 s while the page is visible, and at leaving. */
function useTelling({ sync, bandId, clientId, here, isConnected, isShown }: TellingOptions): void {
  const told = useRef<Told | null>(null)
  const wasShown = useRef(false)
  const identity = sync && bandId !== null && clientId !== null ? { userId: sync.userId, bandId, clientId } : null
  const text = identity === null ? null : bodyOf(identity, here)

  const msUntilDue = useEffectEvent(() => {
    const isVisible = document.visibilityState === 'visible'
    return text === null ? null : msUntilTold(told.current, { text, isVisible, isConnected }, performance.now())
  })
  const tellNow = useEffectEvent(() => {
    if (!sync || text === null) return
    told.current = { text, atMs: performance.now() }
    void tell(sync, text)
  })
  useEffect(() => {
    if (wasShown.current && !isShown) told.current = toldNothing(performance.now())
    wasShown.current = isShown
    let timer: ReturnType<typeof setTimeout> | undefined
    const schedule = () => {
      clearTimeout(timer)
      const waitMs = msUntilDue()
      if (waitMs === null) return
      timer = setTimeout(() => {
        tellNow()
        schedule()
      }, waitMs)
    }
    const stopped = new AbortController()
    document.addEventListener('visibilitychange', schedule, stopped)
    window.addEventListener('pageshow', schedule, stopped)
    schedule()
    return () => {
      stopped.abort()
      clearTimeout(timer)
    }
  }, [text, isConnected, isShown])

  const userId = sync?.userId ?? null
  useEffect(() => {
    if (!sync || bandId === null || clientId === null || userId === null) return undefined
    const leave = () => {
      // Who is not a member any more, or signed out, has nobody to tell.
      if (told.current === null || sync.uncached.signal.aborted || !isMember(sync, bandId)) return
      told.current = null
      const text = JSON.stringify({ userId, band_id: bandId, client_id: clientId, gone: true })
      navigator.sendBeacon(doorOf(sync), new Blob([text], { type: 'application/json' }))
    }
    window.addEventListener('pagehide', leave)
    return () => {
      window.removeEventListener('pagehide', leave)
      leave()
    }
  }, [sync, bandId, clientId, userId])
}

function bodyOf(
  { userId, bandId, clientId }: { userId: string; bandId: string; clientId: string },
  here: Here,
): string {
  const { page, editing } = here
  return JSON.stringify({
    userId,
    band_id: bandId,
    client_id: clientId,
    page,
    ...(editing ? { editing_entity: editing.entity, editing_id: editing.id } : {}),
  })
}

/** One that fails is made good by the next. */
async function tell(sync: Sync, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await fetch(doorOf(sync), { method: 'POST', headers, body, signal: sync.uncached.signal }).catch(() => null)
}

function doorOf({ uncached }: Sync): string {
  return `${uncached.origin}/api/presence`
}

function isMember(sync: Sync, bandId: string): boolean {
  const { rows } = sync.shape({ entity: 'band_members', scope: null }).read()
  return [...rows.values()].some((row) => row['band_id'] === bandId)
}
