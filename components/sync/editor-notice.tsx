'use client'

import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { fieldWords, valueText } from './question-words'
import type { ForeignChange } from './use-row-draft'

interface EditorNoticeProps {
  changes: readonly ForeignChange[]
  /** Who changed a field last, by name. */
  authorOf: (field: string) => string
  /** Puts what the other person wrote into the editor. */
  onTake: (field: string) => void
}

/** Says who changed which field while it is open here; what is being typed stays as it is. */
export function EditorNotice({ changes, authorOf, onTake }: EditorNoticeProps) {
  if (changes.length === 0) return null
  return (
    <Callout tone="info" className="grid grid-cols-1 gap-2">
      {changes.map(({ field, value }) => (
        <div key={field} className="flex flex-wrap items-center justify-between gap-2">
          <p className="min-w-0 wrap-break-word">
            {authorOf(field)} changed the {fieldWords(field)} to <strong>{valueText(value)}</strong> while you have it
            open.
          </p>
          <Button size="sm" variant="secondary" onClick={() => onTake(field)}>
            Use theirs
          </Button>
        </div>
      ))}
    </Callout>
  )
}
