'use client'

import { useState, type FormEvent } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input, Select } from '@/components/ui/input'
import { useWrite } from '@/lib/sync'

const ROLES = [
  { role: 'collaborator', words: 'Collaborator: adds and changes everything' },
  { role: 'viewer', words: 'Viewer: reads everything and chats' },
  { role: 'owner', words: 'Owner: also members and the band itself' },
] as const

interface InviteDialogProps {
  bandId: string
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Makes an invite for one person. */
export function InviteDialog({ bandId, open, onOpenChange }: InviteDialogProps) {
  const { insert, isReady } = useWrite('invites')
  const [error, setError] = useState<string | null>(null)
  const invite = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const [role, email] = [form.get('role'), form.get('email')]
    const isEmail = typeof email === 'string' && email.trim() !== ''
    if (isEmail && !email.includes('@')) return setError('Write a whole email address, or leave it empty.')
    insert({
      band_id: bandId,
      role: ROLES.find((each) => each.role === role)?.role ?? 'viewer',
      ...(isEmail ? { email: email.trim() } : {}),
    })
    setError(null)
    onOpenChange(false)
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Invite somebody"
      description="You get a link and a code to send to them."
      footer={
        <>
          <Button variant="secondary" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" form="invite" disabled={!isReady}>
            Make invite
          </Button>
        </>
      }
    >
      <form id="invite" noValidate onSubmit={invite} className="grid grid-cols-1 gap-4 py-1">
        <Field label="Role">
          {(control) => (
            <Select {...control} name="role">
              {ROLES.map(({ role, words }) => (
                <option key={role} value={role}>
                  {words}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field
          label="Email (optional)"
          hint="Then only the account with this address can use the invite."
          error={error}
        >
          {(control) => <Input {...control} name="email" type="email" autoComplete="off" />}
        </Field>
      </form>
    </Dialog>
  )
}
