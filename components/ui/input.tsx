import type { ComponentProps } from 'react'
import { classNames } from './class-names'

// 16 px on phones: smaller text makes iOS zoom into the page when the control is focused.
const CONTROL =
  'w-full min-w-0 rounded-control border border-line bg-raised px-3 text-base text-ink transition-colors placeholder:text-ink-muted/80 hover:border-line-strong disabled:cursor-not-allowed disabled:opacity-60 aria-[invalid=true]:border-error sm:text-[0.9375rem]'

/** A one-line text control, in the direction of what is typed; belongs into a `Field`. */
export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return (
    <input
      dir="auto"
      className={classNames(CONTROL, 'h-10 read-only:bg-transparent pointer-coarse:h-11', className)}
      {...rest}
    />
  )
}

/** A text control of several lines; belongs into a `Field`. */
export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return (
    <textarea
      dir="auto"
      className={classNames(CONTROL, 'min-h-24 py-2 read-only:bg-transparent', className)}
      {...rest}
    />
  )
}

/** The platform's own select: the best one on a phone and with a keyboard. Belongs into a `Field`. */
export function Select({ className, ...rest }: ComponentProps<'select'>) {
  return <select className={classNames(CONTROL, 'h-10 pr-2 pointer-coarse:h-11', className)} {...rest} />
}
