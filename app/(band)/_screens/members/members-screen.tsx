'use client'

import { useMemo, useState } from 'react'
import { Button } from '@/components/ui/button'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { Spinner } from '@/components/ui/spinner'
import { useRows, useWrite } from '@/lib/sync'
import { useBandName } from '../../_shell/band-name'
import { navigate } from '../../_shell/location'
import { ScreenPage, Section } from '../../_shell/screen-page'
import { useViewer, type Membership } from '../../_shell/viewer'
import { BandSection } from './band-section'
import { Invites } from './invites'
import { MemberRow } from './member-row'

/** Who is in the band: roles, invites, removing, leaving. */
export default function MembersScreen({ bandId }: { bandId: string }) {
  const name = useBandName(bandId)
  const { viewer } = useViewer()
  const { rows, status } = useRows('band_members', bandId)
  const members = useMemo(() => rows.toSorted((a, b) => (a.joined_at < b.joined_at ? -1 : 1)), [rows])
  const { remove } = useWrite('band_members')
  const [leaving, setLeaving] = useState<Membership | null>(null)
  const isMe = leaving?.user_id === viewer.user_id
  const isOwner = viewer.bands.get(bandId) === 'owner'
  const ownerCount = members.filter(({ role }) => role === 'owner').length

  const confirm = () => {
    if (leaving) remove(leaving.id)
    if (isMe) navigate('/')
    setLeaving(null)
  }

  return (
    <ScreenPage title="Members" subtitle={name}>
      <Section title="In the band">
        {members.length === 0 && status === 'loading' ? (
          <Spinner label="Loading members…" />
        ) : (
          <ul aria-label="Members" className="grid grid-cols-1 rounded-card border border-line bg-surface">
            {members.map((member) => (
              <MemberRow
                key={member.id}
                member={member}
                isOnlyOwner={member.role === 'owner' && ownerCount === 1}
                onRemove={() => setLeaving(member)}
              />
            ))}
          </ul>
        )}
      </Section>
      {isOwner ? <Invites bandId={bandId} /> : null}
      <BandSection bandId={bandId} isOnlyOwner={isOwner && ownerCount === 1} />
      <ConfirmDialog
        open={leaving !== null}
        onOpenChange={(open) => !open && setLeaving(null)}
        title={isMe ? `Leave ${name}?` : `Remove ${leaving?.display_name ?? 'this person'}?`}
        description={
          isMe
            ? 'You stop seeing the band at once, on all your devices. An owner can invite you again.'
            : 'They stop seeing the band at once, on all their devices. What they wrote stays.'
        }
        confirm={isMe ? 'Leave band' : `Remove ${leaving?.display_name ?? 'member'}`}
        onConfirm={confirm}
      />
      {isOwner ? null : (
        <LeaveHint onLeave={() => setLeaving(members.find((each) => each.user_id === viewer.user_id) ?? null)} />
      )}
    </ScreenPage>
  )
}

function LeaveHint({ onLeave }: { onLeave: () => void }) {
  return (
    <div>
      <Button variant="danger" onClick={onLeave}>
        Leave this band…
      </Button>
    </div>
  )
}
