'use client'

import { ChevronsUpDown, Plus, Ticket } from 'lucide-react'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { classNames } from '@/components/ui/class-names'
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '@/components/ui/menu'
import { BandName, useBandName } from './band-name'
import { CreateBandDialog } from './create-band-dialog'
import { navigate } from './location'
import { pathOf } from './routes'
import { useViewer } from './viewer'

/** Shows the open band and moves to another one, or makes one. */
export function BandSwitcher({ bandId, className }: { bandId: string | null; className?: string }) {
  const { memberships } = useViewer()
  const [isCreating, setIsCreating] = useState(false)
  const name = useBandName(bandId)
  return (
    <>
      <Menu
        label="Bands"
        align="start"
        trigger={
          <Button
            variant="secondary"
            className={classNames('min-w-0 justify-between px-3', className)}
            aria-label={bandId ? `Band: ${name}. Switch band` : 'Choose a band'}
          >
            <span dir="auto" className="truncate font-semibold">
              {bandId ? name : 'No band yet'}
            </span>
            <ChevronsUpDown aria-hidden className="text-ink-muted" />
          </Button>
        }
      >
        {memberships.map((membership) => (
          <MenuChoice
            key={membership.id}
            isChosen={membership.band_id === bandId}
            onSelect={() => navigate(pathOf({ kind: 'songs', bandId: membership.band_id }))}
          >
            <BandName bandId={membership.band_id} />
          </MenuChoice>
        ))}
        {memberships.length > 0 ? <MenuSeparator /> : null}
        <MenuItem onSelect={() => setIsCreating(true)}>
          <Plus aria-hidden /> New band…
        </MenuItem>
        <MenuItem onSelect={() => window.location.assign('/invite')}>
          <Ticket aria-hidden /> Join with an invite…
        </MenuItem>
      </Menu>
      <CreateBandDialog open={isCreating} onOpenChange={setIsCreating} />
    </>
  )
}
