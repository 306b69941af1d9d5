import { useId, type ReactNode } from 'react'
import { classNames } from './class-names'

/** What a control inside a `Field` spreads onto itself. */
export interface FieldControl {
  id: string
  'aria-describedby'?: string
  'aria-invalid'?: true
}

interface FieldProps {
  label: ReactNode
  /** What is wrong and what to do about it; announced with the control. */
  error?: string | null | undefined
  hint?: ReactNode
  /** Keeps the label for screen readers only. */
  labelHidden?: boolean
  className?: string
  children: (control: FieldControl) => ReactNode
}

/**
 * A labelled control: wires label, hint, error and `aria-describedby`.
 *
 * `<Field label="Title" error={errors.title}>{(control) => <Input {...control} />}</Field>`
 */
export function Field({ label, error, hint, labelHidden = false, className, children }: FieldProps) {
  const id = useId()
  const hintId = `${id}-hint`
  const errorId = `${id}-error`
  const describedBy = [hint ? hintId : null, error ? errorId : null].filter(Boolean).join(' ')
  return (
    <div className={classNames('grid grid-cols-1 gap-1.5', className)}>
      <label htmlFor={id} className={labelHidden ? 'sr-only' : 'text-sm font-medium'}>
        {label}
      </label>
      {children({
        id,
        ...(describedBy ? { 'aria-describedby': describedBy } : {}),
        ...(error ? { 'aria-invalid': true } : {}),
      })}
      {hint ? (
        <p id={hintId} className="text-sm text-ink-muted">
          {hint}
        </p>
      ) : null}
      {error ? (
        <p id={errorId} role="alert" className="text-sm font-medium text-error">
          {error}
        </p>
      ) : null}
    </div>
  )
}
