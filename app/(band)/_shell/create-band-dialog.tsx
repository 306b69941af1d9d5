'use client'

import { useState, type FormEvent } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import { useWrite } from '@/lib/sync'
import { navigate } from './location'
import { pathOf } from './routes'

/** Makes a band, with or without a network; whoever makes it owns it. */
export function CreateBandDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const bands = useWrite('bands')
  const [error, setError] = useState<string | null>(null)
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const name = new FormData(form).get('name')
    if (typeof name !== 'string' || name.trim() === '') {
      form.querySelector('input')?.focus()
      return setError('Give the band a name.')
    }
    const made = bands.insert({ name: name.trim() })
    setError(null)
    onOpenChange(false)
    navigate(pathOf({ kind: 'songs', bandId: made.key }))
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New band"
      description="You become its owner and can invite the others."
      footer={
        <>
          <Button variant="secondary" onClick={() => onOpenChange(false)}>
            Cancel
          </Button>
          <Button type="submit" form="create-band" disabled={!bands.isReady}>
            Create band
          </Button>
        </>
      }
    >
      <form id="create-band" onSubmit={create} className="py-1">
        <Field label="Name" error={error}>
          {(control) => <Input {...control} data-autofocus name="name" maxLength={200} autoComplete="off" />}
        </Field>
      </form>
    </Dialog>
  )
}
