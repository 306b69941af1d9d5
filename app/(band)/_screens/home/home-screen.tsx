'use client'

import { Plus, Users } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'
import { Spinner } from '@/components/ui/spinner'
import { CreateBandDialog } from '../../_shell/create-band-dialog'
import { ScreenPage, Section } from '../../_shell/screen-page'
import { useViewer } from '../../_shell/viewer'
import { BandCard } from './band-card'
import { LatelyList } from './lately-list'

/** My bands, each with its next show, and what happened in them lately. */
export default function HomeScreen() {
  const { me, memberships, membershipsStatus } = useViewer()
  const [isCreating, setIsCreating] = useState(false)
  const firstName = me.user.name?.split(' ')[0]
  return (
    <ScreenPage
      title={firstName ? `Hello, ${firstName}` : 'Hello'}
      actions={
        <Button variant="secondary" onClick={() => setIsCreating(true)}>
          <Plus aria-hidden /> New band
        </Button>
      }
    >
      {memberships.length > 0 ? (
        <>
          <Section title="My bands">
            <ul aria-label="My bands" className="grid grid-cols-1 gap-3 sm:grid-cols-2">
              {memberships.map((membership) => (
                <BandCard key={membership.id} membership={membership} />
              ))}
            </ul>
          </Section>
          {memberships.map(({ id, band_id }) => (
            <LatelyList key={id} bandId={band_id} />
          ))}
        </>
      ) : membershipsStatus === 'loading' ? (
        <Spinner label="Loading your bands…" />
      ) : (
        <EmptyState
          icon={Users}
          title="You are in no band yet"
          action={
            <Button asChild>
              {/* oxlint-disable-next-line nextjs/no-html-link-for-pages -- an account page, outside the app's own */}
              <a href="/invite">I have an invite</a>
            </Button>
          }
        >
          Make one and invite the others, or join one with the link or code that somebody sent you.
        </EmptyState>
      )}
      <CreateBandDialog open={isCreating} onOpenChange={setIsCreating} />
    </ScreenPage>
  )
}
