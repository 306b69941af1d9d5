'use client'

import { useState } from 'react'
import { fieldWords, valueText } from '@/components/sync/question-words'
import { RowStatusIcon } from '@/components/sync/row-status-icon'
import { Button } from '@/components/ui/button'
import { entityNamed, type EntityName } from '@/entities'
import type { JsonRow } from '@/lib/protocol/json'
import { useConflicts, useRow, type Question } from '@/lib/sync'
import { useBandName } from '../../_shell/band-name'
import { questionTitle, SettleDialog } from '../../_shell/question-dialog'

/** The open questions of one band. */
export function BandQuestions({ bandId }: { bandId: string }) {
  const { questions, decide } = useConflicts(bandId)
  const name = useBandName(bandId)
  const [openId, setOpenId] = useState<string | null>(null)
  const open = questions.find((question) => question.id === openId)
  if (questions.length === 0)
    return (
      <p className="wrap-anywhere text-ink-muted">
        <bdi>{name}</bdi>: nothing to settle.
      </p>
    )
  return (
    <>
      <ul
        aria-label={`To be settled in ${name}`}
        className="grid grid-cols-1 rounded-card border border-line bg-surface"
      >
        {questions.map((question) => (
          <QuestionRow key={question.id} question={question} onOpen={() => setOpenId(question.id)} />
        ))}
      </ul>
      {open ? (
        <SettleDialog
          question={open}
          entity={entityOf(open)}
          onDecide={(decision) => decide(open.id, decision)}
          onClose={() => setOpenId(null)}
        />
      ) : null}
    </>
  )
}

function QuestionRow({ question, onOpen }: { question: Question; onOpen: () => void }) {
  const row = useRow(entityOf(question), question.scope, question.key) as JsonRow | null
  const title = questionTitle(question, row)
  return (
    <li
      data-entity="conflicts"
      data-id={question.id}
      data-sync="conflict"
      className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-3 last:border-b-0"
    >
      <RowStatusIcon status="conflict" size="md" text="hidden" />
      <div className="min-w-0 flex-1 basis-48">
        <p className="truncate font-medium">{title}</p>
        <p className="truncate text-sm text-ink-muted">
          {question.field === 'deleted_at'
            ? 'changed by one, deleted by another'
            : `${fieldWords(question.field)}: ${valueText(question.currentValue)} or ${valueText(question.offeredValue)}`}
        </p>
      </div>
      <Button size="sm" onClick={onOpen} aria-label={`Settle ${title}`}>
        Settle…
      </Button>
    </li>
  )
}

/** Questions come through their entity's schema, and name an entity of the registry. */
function entityOf(question: Question): EntityName {
  const name = entityNamed(question.entity)?.name
  if (!name) throw new Error(`a question about an unknown entity: ${question.entity}`)
  return name as EntityName
}
