'use client'

import { Copy, Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { toast } from 'sonner'
import { Button } from '@/components/ui/button'
import { useNow } from '@/components/sync/relative-time'
import type { Row } from '@/entities'
import { useRows, useRowStatus, useWrite } from '@/lib/sync'
import { RowStatusAction } from '../../_shell/row-status-action'
import { Section } from '../../_shell/screen-page'
import { ROLE_WORDS } from '../home/band-card'
import { InviteDialog } from './invite-dialog'

type Invite = Row<'invites'>

/** Open invites: a link or code each, used once. Only owners see them. */
export function Invites({ bandId }: { bandId: string }) {
  const { rows } = useRows('invites', bandId)
  const now = useNow(60_000)
  const [isInviting, setIsInviting] = useState(false)
  const open = useMemo(
    () =>
      rows
        .filter((invite) => invite.used_by === null && Date.parse(invite.expires_at) > now)
        .toSorted((a, b) => (a.created_at < b.created_at ? 1 : -1)),
    [rows, now],
  )
  return (
    <Section
      title="Invites"
      hint="Send the link or the code to one person; it works once."
      actions={
        <Button onClick={() => setIsInviting(true)}>
          <Plus aria-hidden /> Invite
        </Button>
      }
    >
      {open.length === 0 ? (
        <p className="rounded-card border border-dashed border-line p-4 text-ink-muted">No open invites.</p>
      ) : (
        <ul aria-label="Open invites" className="grid grid-cols-1 rounded-card border border-line bg-surface">
          {open.map((invite) => (
            <InviteRow key={invite.id} invite={invite} />
          ))}
        </ul>
      )}
      <InviteDialog bandId={bandId} open={isInviting} onOpenChange={setIsInviting} />
    </Section>
  )
}

function InviteRow({ invite }: { invite: Invite }) {
  const status = useRowStatus('invites', invite.id)
  const { remove } = useWrite('invites')
  const whom = invite.email ?? 'anyone with the link'
  return (
    <li
      data-entity="invites"
      data-id={invite.id}
      data-sync={status}
      className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-3 last:border-b-0"
    >
      <RowStatusAction entity="invites" rowKey={invite.id} scope={invite.band_id} title={`the invite for ${whom}`} />
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate font-medium">
          {ROLE_WORDS[invite.role]} · {whom}
        </p>
        <p className="truncate text-sm text-ink-muted">
          {invite.code ? (
            <>
              Code <code className="font-mono text-ink select-all">{invite.code}</code>
            </>
          ) : (
            'The code comes with the next connection.'
          )}
          {' · until '}
          {new Date(invite.expires_at).toLocaleDateString(undefined, { dateStyle: 'medium' })}
        </p>
      </div>
      <div className="flex gap-2">
        <Button size="sm" variant="secondary" disabled={!invite.code} onClick={() => void copyLink(invite.code)}>
          <Copy aria-hidden /> Copy link
        </Button>
        <Button size="sm" variant="danger" onClick={() => remove(invite.id)}>
          Revoke
        </Button>
      </div>
    </li>
  )
}

async function copyLink(code: string): Promise<void> {
  const link = `${window.location.origin}/invite/${code}`
  try {
    await navigator.clipboard.writeText(link)
    toast('Link copied', { description: link })
  } catch {
    // Browsers refuse without a secure page or a permission: then it can be copied by hand.
    toast('Copy this link', { description: link, duration: Infinity })
  }
}
