'use client'

import { useState, type FormEvent } from 'react'
import { Button } from '@/components/ui/button'
import { Dialog } from '@/components/ui/dialog'
import { Field } from '@/components/ui/field'
import { Input } from '@/components/ui/input'
import type { Decision, Question } from '@/lib/sync'
import { wordsFor, type Version } from './question-words'

interface ConflictDialogProps {
  question: Question
  /** The name of the row the question is about. */
  rowTitle: string
  userId: string
  nameOf: (userId: string | null) => string
  /** False for people who may not change the row: they see both versions and who can settle it. */
  mayDecide: boolean
  onDecide: (decision: Decision) => void
  onClose: () => void
}

/** Both versions of what two people changed, and the choice between them: mine, theirs, or a third. */
export function ConflictDialog(props: ConflictDialogProps) {
  const { question, rowTitle, userId, nameOf, mayDecide, onDecide, onClose } = props
  const words = wordsFor(question, userId, nameOf)
  const decide = (decision: Decision) => {
    onDecide(decision)
    onClose()
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={words.title}
      description={`“${rowTitle}” was changed by two people at the same time. Nothing is lost; the band sees what you choose.`}
    >
      <div className="grid grid-cols-1 gap-3 pb-2">
        {words.before === null ? null : (
          <p className="text-sm text-ink-muted">
            Before: <span className="text-ink">{words.before}</span>
          </p>
        )}
        <VersionCard
          version={words.current}
          note="shown now"
          onChoose={mayDecide ? () => decide({ kind: 'current' }) : null}
        />
        <VersionCard
          version={words.offered}
          note="not shown yet"
          onChoose={mayDecide ? () => decide({ kind: 'offered' }) : null}
        />
        {mayDecide && words.editable !== null ? (
          <ThirdVersion start={words.editable} onChoose={(value) => decide({ kind: 'edited', value })} />
        ) : null}
        {mayDecide ? null : (
          <p className="text-sm text-ink-muted">An owner or collaborator of the band settles this.</p>
        )}
      </div>
    </Dialog>
  )
}

interface VersionCardProps {
  version: Version
  note: string
  onChoose: (() => void) | null
}

function VersionCard({ version, note, onChoose }: VersionCardProps) {
  return (
    <section
      aria-label={version.whose}
      className="flex flex-wrap items-center justify-between gap-3 rounded-card border border-line bg-raised p-4"
    >
      <div className="min-w-0 flex-1 basis-40">
        <p className="text-sm text-ink-muted">
          {version.whose} · {note}
        </p>
        <p className="font-semibold wrap-break-word whitespace-pre-wrap">{version.text}</p>
      </div>
      {onChoose ? (
        <Button variant="secondary" onClick={onChoose}>
          {version.choose}
        </Button>
      ) : null}
    </section>
  )
}

function ThirdVersion({ start, onChoose }: { start: string; onChoose: (value: string) => void }) {
  const [text, setText] = useState(start)
  const [error, setError] = useState<string | null>(null)
  const choose = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim() === '') return setError('Write what it should be.')
    onChoose(text.trim())
  }
  return (
    <form onSubmit={choose} className="flex items-end gap-2 rounded-card border border-dashed border-line p-4">
      <Field label="Or write it anew" error={error} className="min-w-0 flex-1">
        {(control) => (
          <Input {...control} value={text} maxLength={200} onChange={(event) => setText(event.currentTarget.value)} />
        )}
      </Field>
      <Button type="submit">Use this</Button>
    </form>
  )
}
