'use client'

import { useRef, useState, type KeyboardEvent } from 'react'
import { classNames } from './class-names'

interface InlineTextProps {
  /** What the text is, for whoever cannot see the column: "Title". */
  label: string
  value: string
  /** Shown where there is no text yet. */
  placeholder?: string
  /** False shows the text and nothing to press. */
  isEditable: boolean
  /** What is wrong with a text, or null; a wrong text is not told to anybody. */
  check?: (text: string) => string | null
  onStart?: () => void
  /** Tells the text once it is whole, for texts whose beginnings mean something else (tags). */
  isToldAtEnd?: boolean
  /** Called while a person types, with texts that pass `check`. */
  onType: (text: string) => void
  /** The person left the text: what was typed may be sent. */
  onEnd: () => void
  className?: string
  inputMode?: 'text' | 'numeric'
  maxLength?: number
}

/**
 * A text that becomes an input where it stands. Enter or leaving keeps it, Escape brings the former text back. While it
 * is being typed, changes from elsewhere do not touch it.
 */
export function InlineText(props: InlineTextProps) {
  const { label, value, placeholder = '–', isEditable, className, onStart } = props
  const [isEditing, setIsEditing] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const shown = value === '' ? <span className="text-ink-muted/70">{placeholder}</span> : value
  if (!isEditable)
    return (
      <span dir="auto" className={classNames('block truncate px-2 text-left', className)}>
        {shown}
      </span>
    )
  if (isEditing)
    return (
      <InlineInput
        {...props}
        onDone={(how) => {
          setIsEditing(false)
          if (how === 'key') requestAnimationFrame(() => button.current?.focus())
        }}
      />
    )
  return (
    <button
      ref={button}
      type="button"
      // A text that reads from the right is cut off at its end, not at its beginning.
      dir="auto"
      aria-label={`${label}: ${value === '' ? 'none' : value}. Edit`}
      onClick={() => {
        onStart?.()
        setIsEditing(true)
      }}
      className={classNames(
        'block h-8 w-full truncate pointer-coarse:h-11 rounded-control border border-transparent px-2 text-left hover:border-line-strong',
        className,
      )}
    >
      {shown}
    </button>
  )
}

function InlineInput({
  label,
  value,
  check,
  isToldAtEnd = false,
  onType,
  onEnd,
  onDone,
  className,
  inputMode,
  maxLength,
}: InlineTextProps & { onDone: (how: 'key' | 'blur') => void }) {
  const [former] = useState(value)
  const [text, setText] = useState(value)
  const told = useRef(value)
  const error = check?.(text) ?? null
  const tell = (next: string) => {
    if (next === told.current || check?.(next)) return
    told.current = next
    onType(next)
  }
  const finish = (how: 'key' | 'blur', whole = text) => {
    tell(whole)
    onEnd()
    onDone(how)
  }
  const press = (event: KeyboardEvent) => {
    // Enter and Escape then speak to the input method that composes a character.
    if (event.nativeEvent.isComposing) return
    if (event.key === 'Enter') finish('key')
    if (event.key !== 'Escape') return
    event.stopPropagation()
    finish('key', former)
  }
  return (
    <span className="relative block">
      <input
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- the person has just pressed the text to edit it
        autoFocus
        dir="auto"
        aria-label={label}
        aria-invalid={error ? true : undefined}
        title={error ?? undefined}
        value={text}
        inputMode={inputMode}
        maxLength={maxLength}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => {
          setText(event.currentTarget.value)
          if (!isToldAtEnd) tell(event.currentTarget.value)
        }}
        onKeyDown={press}
        onBlur={() => finish('blur')}
        className={classNames(
          'block h-8 w-full min-w-0 pointer-coarse:h-11 rounded-control border border-glow bg-raised px-2 text-base outline-none sm:text-[0.9375rem]',
          'aria-[invalid=true]:border-error',
          className,
        )}
      />
      {error ? (
        <span
          role="alert"
          className="absolute top-full left-0 z-10 mt-1 rounded-control bg-error px-2 py-0.5 text-xs text-stage"
        >
          {error}
        </span>
      ) : null}
    </span>
  )
}
