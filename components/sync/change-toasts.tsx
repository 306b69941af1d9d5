'use client'

import { useEffect, useRef } from 'react'
import { toast } from 'sonner'
import { Avatar } from '@/components/ui/avatar'
import { TOAST_MS } from '@/components/ui/toaster'
import type { Row } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import { useRows, useSync, type ConnectionView } from '@/lib/sync'
import { NO_NOTICES, notice, type SeenChange } from './notice-policy'

/** After a break what arrives within this time is old news. */
const CATCH_UP_MS = 2_000

/** Raises a toast for what others, and my other devices, change in the open band. */
export function ChangeToasts({ bandId, userId }: { bandId: string | null; userId: string }) {
  const sync = useSync()
  const { rows: members } = useRows('band_members', bandId)
  // Names may change without starting over what is counted.
  const membersNow = useRef(members)
  useEffect(() => {
    membersNow.current = members
  }, [members])

  useEffect(() => {
    if (!sync || bandId === null) return
    let state = NO_NOTICES
    let away = { isAway: false, backAt: 0 }
    const log = sync.shape({ entity: 'changes', scope: bandId })
    return sync.observe((event) => {
      if (event.kind === 'connection') away = afterConnection(away, event.connection, Date.now())
      if (event.kind !== 'change' || event.entity !== 'changes' || event.scope !== bandId) return
      const change = event.op === 'insert' ? readChange(event.after) : null
      if (!change) return
      const person = (id: string | null) => membersNow.current.find((member) => member.user_id === id)
      const now = Date.now()
      const [next, result] = notice(state, change, {
        now,
        userId,
        clientId: sync.clientId.read(),
        isCatchingUp: away.isAway || now - away.backAt < CATCH_UP_MS || log.read().status !== 'ready',
        nameOf: (id) => person(id)?.display_name ?? 'Someone',
      })
      state = next
      if (result.kind === 'show') raise(result, person(result.actorId))
    })
  }, [sync, bandId, userId])
  return null
}

function raise(
  { key, title, detail }: { key: string; title: string; detail: string | null },
  member: Row<'band_members'> | undefined,
): void {
  toast.info(title, {
    id: key,
    duration: TOAST_MS,
    ...(detail === null ? {} : { description: detail }),
    ...(member ? { icon: <Avatar name={member.display_name ?? '?'} src={member.avatar_url} size="sm" /> } : {}),
  })
}

/** Whether this device is out of touch, and when it was back. The first connection is none: nothing was missed. */
function afterConnection(before: { isAway: boolean; backAt: number }, { kind }: ConnectionView, now: number) {
  const isAway = kind === 'offline' || kind === 'signed-out' || (before.isAway && kind === 'connecting')
  return { isAway, backAt: before.isAway && !isAway ? now : before.backAt }
}

function readChange(row: JsonRow | null): SeenChange | null {
  if (!row) return null
  // Rows of the store passed the schema of `changes`.
  const { id, entity, op, summary, actor_id, client_id } = row as unknown as Row<'changes'>
  return { id, entity, op, summary, actorId: actor_id, clientId: client_id }
}
