'use client'

import { useState, type ComponentProps } from 'react'
import { Field } from '@/components/ui/field'
import { Input, Select, Textarea } from '@/components/ui/input'
import type { Json, JsonRow } from '@/lib/protocol/json'
import { durationText, parseDuration, parseTempo } from './duration'
import { STATUS_WORDS, STATUSES, type SongStatus } from './song-filter'
import { parseTags, tagsText } from './tags'

interface SongFormProps {
  values: JsonRow
  isEditable: boolean
  /** `isSaved` is false for what the band must not get: a title of nothing. */
  onChange: (field: string, value: Json, isSaved: boolean) => void
  /** A field was left: what was typed may be sent. */
  onLeave: () => void
}

/** The fields of a song. */
export function SongForm({ values, isEditable, onChange, onLeave }: SongFormProps) {
  const text = (field: string) => (typeof values[field] === 'string' ? values[field] : '')
  const number = (field: string) => (typeof values[field] === 'number' ? values[field] : null)
  const tags = Array.isArray(values['tags']) ? values['tags'].filter((tag) => typeof tag === 'string') : []
  const plain = (field: string) => ({
    value: text(field),
    // Not disabled: whoever only reads can select, scroll and see it as well as everybody else.
    readOnly: !isEditable,
    onBlur: onLeave,
    onChange: (event: { currentTarget: { value: string } }) => onChange(field, event.currentTarget.value || null, true),
  })
  const title = text('title')
  return (
    <form className="grid gap-4 sm:grid-cols-2" onSubmit={(event) => event.preventDefault()}>
      <Field
        label="Title"
        className="sm:col-span-2"
        error={title.trim() === '' ? 'A song needs a title; the former one stays.' : null}
      >
        {(control) => (
          <Input
            {...control}
            {...plain('title')}
            maxLength={200}
            onChange={({ currentTarget: { value } }) => onChange('title', value, value.trim() !== '')}
          />
        )}
      </Field>
      <Field label="Artist">{(control) => <Input {...control} {...plain('artist')} maxLength={200} />}</Field>
      <StatusField
        value={STATUSES.find((each) => each === values['status']) ?? 'idea'}
        isEditable={isEditable}
        onChange={(status) => onChange('status', status, true)}
        onBlur={onLeave}
      />
      <Field label="Key">{(control) => <Input {...control} {...plain('key')} maxLength={20} />}</Field>
      <Field label="Tuning">{(control) => <Input {...control} {...plain('tuning')} maxLength={200} />}</Field>
      <ParsedField
        label="Tempo"
        hint="Beats per minute"
        start={number('tempo_bpm')?.toString() ?? ''}
        parse={parseTempo}
        wrong="A number from 1 to 999."
        readOnly={!isEditable}
        onBlur={onLeave}
        onParsed={(value) => onChange('tempo_bpm', value, true)}
      />
      <ParsedField
        label="Length"
        hint="Minutes and seconds, as 3:45"
        start={durationText(number('duration_ms'))}
        parse={parseDuration}
        wrong="Write it as 3:45."
        readOnly={!isEditable}
        onBlur={onLeave}
        onParsed={(value) => onChange('duration_ms', value, true)}
      />
      <ParsedField
        label="Tags"
        hint="Between commas"
        className="sm:col-span-2"
        start={tagsText(tags)}
        parse={(typed) => parseTags(typed)}
        wrong=""
        readOnly={!isEditable}
        onBlur={onLeave}
        onParsed={(value) => onChange('tags', value, true)}
        isToldAtEnd
      />
      <Field label="Notes" className="sm:col-span-2">
        {(control) => <Textarea {...control} {...plain('notes')} maxLength={50_000} />}
      </Field>
      <Field label="Lyrics" className="sm:col-span-2">
        {(control) => <Textarea {...control} {...plain('lyrics')} maxLength={50_000} className="min-h-48" />}
      </Field>
    </form>
  )
}

interface StatusFieldProps {
  value: SongStatus
  isEditable: boolean
  onChange: (value: string) => void
  onBlur: () => void
}

function StatusField({ value, isEditable, onChange, onBlur }: StatusFieldProps) {
  if (!isEditable)
    return <Field label="Status">{(control) => <Input {...control} readOnly value={STATUS_WORDS[value]} />}</Field>
  return (
    <Field label="Status">
      {(control) => (
        <Select {...control} value={value} onChange={(event) => onChange(event.currentTarget.value)} onBlur={onBlur}>
          {STATUSES.map((each) => (
            <option key={each} value={each}>
              {STATUS_WORDS[each]}
            </option>
          ))}
        </Select>
      )}
    </Field>
  )
}

interface ParsedFieldProps<T> extends Pick<ComponentProps<'input'>, 'readOnly'> {
  label: string
  hint: string
  className?: string
  /** The value as text when the field was opened, or after it was taken over from somebody else. */
  start: string
  /** Undefined for a text that is no value. */
  parse: (text: string) => T | undefined
  wrong: string
  isToldAtEnd?: boolean
  onParsed: (value: T) => void
  onBlur: () => void
}

/** A field whose text stands for another value: the text stays as typed, only values are told. */
function ParsedField<T>(props: ParsedFieldProps<T>) {
  const { label, hint, className, start, parse, wrong, isToldAtEnd = false, onParsed, onBlur, readOnly } = props
  const [typed, setTyped] = useState<string | null>(null)
  const text = typed ?? start
  const tell = (value: T | undefined) => {
    if (value !== undefined) onParsed(value)
  }
  return (
    <Field label={label} hint={hint} className={className ?? ''} error={parse(text) === undefined ? wrong : null}>
      {(control) => (
        <Input
          {...control}
          readOnly={readOnly}
          value={text}
          onChange={({ currentTarget: { value } }) => {
            setTyped(value)
            if (!isToldAtEnd) tell(parse(value))
          }}
          onBlur={() => {
            if (isToldAtEnd && typed !== null) tell(parse(typed))
            // From now on the value itself is shown, however it was typed.
            if (parse(text) !== undefined) setTyped(null)
            onBlur()
          }}
        />
      )}
    </Field>
  )
}
