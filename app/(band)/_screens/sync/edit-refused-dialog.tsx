'use client'

import { useState, type FormEvent } from 'react'
import { fieldWords } from '@/components/sync/question-words'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input, Textarea } from '@/components/ui/input'
import type { Json, JsonRow } from '@/lib/protocol/json'
import type { OutboxItem } from '@/lib/sync'

interface EditRefusedDialogProps {
  item: OutboxItem
  onSave: (values: JsonRow) => void
  onClose: () => void
}

/** Changes the texts and numbers of a refused write and sends it again. What is neither stays as it was. */
export function EditRefusedDialog({ item, onSave, onClose }: EditRefusedDialogProps) {
  const [values, setValues] = useState(item.values)
  const fields = Object.entries(item.values).filter(([field, value]) => isEditable(field, value))
  const save = (event: FormEvent) => {
    event.preventDefault()
    onSave(values)
    onClose()
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Edit “${item.label}”`}
      footer={
        <>
          <Button variant="secondary" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form="edit-refused">
            Send again
          </Button>
        </>
      }
    >
      <form id="edit-refused" onSubmit={save} className="grid grid-cols-1 gap-4 py-1">
        {item.reason ? <Callout tone="bad">{[item.reason.message, ...item.reason.issues].join(' ')}</Callout> : null}
        {fields.map(([field, value]) => (
          <Field key={field} label={capitalized(fieldWords(field))}>
            {(control) => {
              const shown = values[field]
              const typed = {
                value: typeof shown === 'string' || typeof shown === 'number' ? String(shown) : '',
                onChange: (event: { currentTarget: { value: string } }) =>
                  setValues({ ...values, [field]: asTyped(event.currentTarget.value, value) }),
              }
              return typeof value === 'string' && value.length > 80 ? (
                <Textarea {...control} {...typed} />
              ) : (
                <Input {...control} {...typed} type={typeof value === 'number' ? 'number' : 'text'} />
              )
            }}
          </Field>
        ))}
      </form>
    </Dialog>
  )
}

/** Ids are not for people to change. */
function isEditable(field: string, value: Json | undefined): boolean {
  return !field.endsWith('_id') && (typeof value === 'string' || typeof value === 'number')
}

function asTyped(text: string, former: Json | undefined): Json {
  if (typeof former !== 'number') return text
  return text === '' ? null : Number(text)
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
