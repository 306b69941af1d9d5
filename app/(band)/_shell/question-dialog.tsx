'use client'

import { useEffect } from 'react'
import { ConflictDialog } from '@/components/sync/conflict-dialog'
import { entityNamed, type EntityName } from '@/entities'
import { useConflicts, useRow, type Question } from '@/lib/sync'
import type { JsonRow } from '@/lib/protocol/json'
import { useNameOf } from './people'
import { usePermissions, useViewer } from './viewer'

interface QuestionDialogProps {
  scope: string
  entity: EntityName
  rowKey: string
  onClose: () => void
}

/** The oldest open question about a row, to be settled; closes by itself when somebody else settled it. */
export function QuestionDialog({ scope, entity, rowKey, onClose }: QuestionDialogProps) {
  const { questions, decide } = useConflicts(scope)
  const question = questions.find((each) => each.entity === entity && each.key === rowKey)
  const isGone = question === undefined
  useEffect(() => {
    if (isGone) onClose()
  }, [isGone, onClose])
  if (!question) return null
  return (
    <SettleDialog
      key={question.id}
      question={question}
      entity={entity}
      onDecide={(decision) => decide(question.id, decision)}
      onClose={onClose}
    />
  )
}

interface SettleDialogProps {
  question: Question
  entity: EntityName
  onDecide: Parameters<typeof ConflictDialog>[0]['onDecide']
  onClose: () => void
}

/** One question with the row's name, the people's names and what the viewer may do about it. */
export function SettleDialog({ question, entity, onDecide, onClose }: SettleDialogProps) {
  const { viewer } = useViewer()
  const nameOf = useNameOf(question.scope)
  const { mayChange } = usePermissions(entity, question.scope)
  // A deleted row is in no shape any more: the question then speaks for it. Rows are JSON by construction.
  const row = useRow(entity, question.scope, question.key) as JsonRow | null
  return (
    <ConflictDialog
      question={question}
      rowTitle={questionTitle(question, row)}
      userId={viewer.user_id}
      nameOf={nameOf}
      mayDecide={mayChange(row ?? {}, question.field === 'deleted_at' ? 'title' : question.field)}
      onDecide={onDecide}
      onClose={onClose}
    />
  )
}

/** What the row of a question is called. */
export function questionTitle(question: Question, row: JsonRow | null): string {
  const entity = entityNamed(question.entity)
  if (entity && row) return entity.describe(row)
  return entity ? `this ${entity.noun}` : 'this row'
}
