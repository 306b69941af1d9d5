'use client'

import { Ellipsis, LogOut, UserMinus } from 'lucide-react'
import { Avatar } from '@/components/ui/avatar'
import { Button } from '@/components/ui/button'
import { Select } from '@/components/ui/input'
import { Menu, MenuItem } from '@/components/ui/menu'
import { useMarkRead, useRowStatus, useWrite } from '@/lib/sync'
import { RowStatusAction } from '../../_shell/row-status-action'
import { usePermissions, useViewer, type Membership } from '../../_shell/viewer'
import { ROLE_WORDS } from '../home/band-card'

const ROLES: readonly Membership['role'][] = ['owner', 'collaborator', 'viewer']

interface MemberRowProps {
  member: Membership
  /** A band keeps an owner: this one neither leaves nor steps down. */
  isOnlyOwner: boolean
  onRemove: () => void
}

/** One member: status, name, role (an owner may change it), and the way out. */
export function MemberRow({ member, isOnlyOwner, onRemove }: MemberRowProps) {
  const status = useRowStatus('band_members', member.id)
  // All there is to a member is on screen here.
  useMarkRead('band_members', member)
  const permissions = usePermissions('band_members', member.band_id)
  const { update } = useWrite('band_members')
  const isMe = useViewer().viewer.user_id === member.user_id
  const name = member.display_name ?? 'No name yet'
  return (
    <li
      data-entity="band_members"
      data-id={member.id}
      data-sync={status}
      className="flex items-center gap-2 border-b border-line px-3 py-3 last:border-b-0 sm:gap-3 sm:px-4"
    >
      <RowStatusAction entity="band_members" rowKey={member.id} scope={member.band_id} title={name} />
      <Avatar name={name} src={member.avatar_url} />
      <div className="grid min-w-0 flex-1 grid-cols-1 items-center gap-1.5 sm:grid-cols-[minmax(0,1fr)_auto] sm:gap-3">
        <span className="truncate font-medium">
          <bdi>{name}</bdi> {isMe ? <span className="font-normal text-ink-muted">(you)</span> : null}
        </span>
        {permissions.mayChange(member, 'role') && !isOnlyOwner ? (
          <Select
            aria-label={`Role of ${name}`}
            value={member.role}
            className="w-40"
            onChange={(event) =>
              update(member.id, { role: ROLES.find((role) => role === event.currentTarget.value) ?? member.role })
            }
          >
            {ROLES.map((role) => (
              <option key={role} value={role}>
                {ROLE_WORDS[role]}
              </option>
            ))}
          </Select>
        ) : (
          <span className="text-ink-muted">
            {ROLE_WORDS[member.role]}
            {isOnlyOwner && isMe ? ', the only one' : ''}
          </span>
        )}
      </div>
      {permissions.mayDelete(member) && !isOnlyOwner ? (
        <Menu
          label={`Actions for ${name}`}
          trigger={
            <Button variant="ghost" size="icon" aria-label={`Actions for ${name}`} className="text-ink-muted">
              <Ellipsis aria-hidden />
            </Button>
          }
        >
          <MenuItem isDangerous onSelect={onRemove}>
            {isMe ? <LogOut aria-hidden /> : <UserMinus aria-hidden />}
            {isMe ? 'Leave band…' : 'Remove from band…'}
          </MenuItem>
        </Menu>
      ) : null}
    </li>
  )
}
