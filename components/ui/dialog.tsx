'use client'

import { X } from 'lucide-react'
import { Dialog as Primitive } from 'radix-ui'
import { useRef, type ReactNode } from 'react'
import { Button } from './button'
import { classNames } from './class-names'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  /** One sentence under the title, announced with it. */
  description?: ReactNode
  /** The row of buttons at the end. */
  footer?: ReactNode
  className?: string
  children?: ReactNode
}

/**
 * A modal dialog: a sheet from below on phones, a card in the middle elsewhere. Focus stays in it and goes back to where
 * it was; Escape closes it.
 */
export function Dialog({ open, onOpenChange, title, description, footer, className, children }: DialogProps) {
  const opener = useRef<Element | null>(null)
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Primitive.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement
            focusMarked(event)
          }}
          onCloseAutoFocus={(event) => {
            // The primitive knows a trigger of its own alone; these dialogs are opened by state.
            event.preventDefault()
            if (opener.current instanceof HTMLElement) opener.current.focus()
          }}
          className={classNames(
            'fixed inset-x-0 bottom-0 z-50 grid max-h-[92dvh] grid-rows-[auto_minmax(0,1fr)_auto] rounded-t-card border border-line bg-surface shadow-lift outline-none',
            'sm:top-1/2 sm:right-auto sm:bottom-auto sm:left-1/2 sm:w-full sm:max-w-lg sm:-translate-1/2 sm:rounded-card',
            className,
          )}
        >
          <div className="flex items-start gap-4 p-5 pb-3">
            <div className="grid grid-cols-1 min-w-0 flex-1 gap-1">
              <Primitive.Title dir="auto" className="line-clamp-3 text-lg font-semibold tracking-tight wrap-anywhere">
                {title}
              </Primitive.Title>
              {description ? (
                <Primitive.Description className="text-ink-muted wrap-anywhere">{description}</Primitive.Description>
              ) : null}
            </div>
            <Primitive.Close asChild>
              <Button variant="ghost" size="icon-sm" aria-label="Close">
                <X aria-hidden />
              </Button>
            </Primitive.Close>
          </div>
          <div className="overflow-y-auto px-5 py-2">{children}</div>
          {footer ? (
            <div className="flex flex-wrap justify-end gap-2 p-5 pt-3 pb-[max(1.25rem,env(safe-area-inset-bottom))]">
              {footer}
            </div>
          ) : (
            <div className="h-3" />
          )}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  )
}

/** Focus starts on the control marked `data-autofocus`, else on "Close", which does no harm. */
function focusMarked(event: Event): void {
  const marked = event.target instanceof HTMLElement ? event.target.querySelector('[data-autofocus]') : null
  if (!(marked instanceof HTMLElement)) return
  event.preventDefault()
  marked.focus()
}
