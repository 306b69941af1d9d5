import { entityNamed } from '@/entities'
import type { Json } from '@/lib/protocol/json'
import type { Question } from '@/lib/sync/types'

/** One of the two versions of a question, in words. */
export interface Version {
  /** "Yours", "Alex’s". */
  whose: string
  /** What it says; a value or what would happen. */
  text: string
  /** What choosing it is called: "Keep mine", "Keep Alex’s". */
  choose: string
}

export interface QuestionWords {
  /** "Two versions of a song’s title" */
  title: string
  /** What it was before either change; null where that says nothing. */
  before: string | null
  current: Version
  offered: Version
  /** The offered text, where a third one can be written instead. */
  editable: string | null
}

type NameOf = (userId: string | null) => string

/** Puts a question into words for one reader: which version is theirs, which somebody else's. */
export function wordsFor(question: Question, userId: string, nameOf: NameOf): QuestionWords {
  const noun = entityNamed(question.entity)?.noun ?? 'row'
  const whose = (by: string | null) => (by === userId ? 'Yours' : `${nameOf(by)}’s`)
  const choose = (by: string | null) => (by === userId ? 'Keep mine' : `Keep ${nameOf(by)}’s`)
  const { currentBy, offeredBy } = question
  if (question.field === 'deleted_at') {
    const deleter = currentBy === userId ? 'You' : nameOf(currentBy)
    return {
      title: `A ${noun} was changed and deleted`,
      before: null,
      current: { whose: `${deleter} deleted it`, text: `The ${noun} stays deleted.`, choose: 'Let it go' },
      offered: {
        whose: `${offeredBy === userId ? 'You' : nameOf(offeredBy)} changed it`,
        text: changeText(question.offeredValue),
        choose: 'Restore with the change',
      },
      editable: null,
    }
  }
  return {
    title: `Two versions of a ${noun}’s ${fieldWords(question.field)}`,
    before: valueText(question.base),
    current: { whose: whose(currentBy), text: valueText(question.currentValue), choose: choose(currentBy) },
    offered: { whose: whose(offeredBy), text: valueText(question.offeredValue), choose: choose(offeredBy) },
    editable:
      typeof question.offeredValue === 'string' && !isTime(question.offeredValue) ? question.offeredValue : null,
  }
}

/** A column as people call it: "starts_at" is "start", "tempo_bpm" is "tempo". */
export function fieldWords(column: string): string {
  return FIELD_WORDS.get(column) ?? column.replaceAll('_', ' ')
}

const FIELD_WORDS: ReadonlyMap<string, string> = new Map([
  ['tempo_bpm', 'tempo'],
  ['duration_ms', 'length'],
  ['starts_at', 'start'],
  ['ends_at', 'end'],
  ['load_in_at', 'load-in'],
  ['set_length_ms', 'set length'],
  ['setlist_id', 'setlist'],
  ['context_audience', 'audience'],
  ['context_pitch', 'pitch'],
])

/** A value as people read it. */
export function valueText(value: Json): string {
  if (value === null || value === '') return 'nothing'
  if (Array.isArray(value)) return value.map((each) => (typeof each === 'object' ? '…' : String(each))).join(', ')
  if (typeof value === 'object') return changeText(value)
  if (typeof value === 'string' && isTime(value)) return new Date(value).toLocaleString(undefined, TIME)
  return String(value)
}

const TIME: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short' }

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text)
}

function changeText(patch: Json): string {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return valueText(patch)
  return Object.entries(patch)
    .map(([field, value]) => `${fieldWords(field)}: ${valueText(value)}`)
    .join('; ')
}
