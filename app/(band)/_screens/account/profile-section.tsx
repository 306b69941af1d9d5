'use client'

import { toast } from 'sonner'
import { Avatar } from '@/components/ui/avatar'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { useWrite } from '@/lib/sync'
import { Section } from '../../_shell/screen-page'
import { useViewer } from '../../_shell/viewer'
import { askAccountDoor } from './account-door'
import { textOf, useAccountForm } from './use-account-form'

/** Name and picture, for the account and for all my bands. */
export function ProfileSection() {
  const { me, memberships, refreshMe } = useViewer()
  const { update } = useWrite('band_members')
  const save = async (form: FormData) => {
    const name = textOf(form, 'name').trim()
    const image = textOf(form, 'image').trim() || null
    const answer = await askAccountDoor('PATCH', 'account', { name, image })
    if (answer.kind === 'done') {
      for (const { id } of memberships) update(id, { display_name: name, avatar_url: image })
      refreshMe()
    }
    return answer
  }
  const { submit, isBusy, message, errors } = useAccountForm(save, () => {
    toast.success('Saved', { description: 'Your bands see the new name and picture.' })
  })
  const name = me.user.name ?? ''
  return (
    <Section title="Name and picture" hint="As your bands see you.">
      <form onSubmit={submit} className="grid grid-cols-1 gap-4 rounded-card border border-line bg-surface p-4 sm:p-5">
        <div className="flex items-start gap-4">
          <Avatar name={name || '?'} src={me.user.image} size="lg" />
          <div className="grid grid-cols-1 min-w-0 flex-1 gap-4">
            <Field label="Name" error={errors['name']}>
              {(control) => <Input {...control} name="name" defaultValue={name} maxLength={200} autoComplete="name" />}
            </Field>
            <Field label="Picture" hint="Address of a picture on the web (https), or nothing." error={errors['image']}>
              {(control) => <Input {...control} name="image" type="url" defaultValue={me.user.image ?? ''} />}
            </Field>
          </div>
        </div>
        {message === null ? null : (
          <Callout tone="bad" role="alert">
            {message}
          </Callout>
        )}
        <Button type="submit" aria-busy={isBusy} disabled={isBusy} className="justify-self-start">
          Save name and picture
        </Button>
      </form>
    </Section>
  )
}
