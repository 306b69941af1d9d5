'use client'

import { Check } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { createContext, useContext, useRef, type ReactNode } from 'react'
import { classNames } from './class-names'

interface MenuProps {
  /** The button that opens it. */
  trigger: ReactNode
  /** Names the menu to screen readers. */
  label: string
  align?: 'start' | 'center' | 'end'
  className?: string
  children: ReactNode
}

const ITEM =
  'flex min-h-10 pointer-coarse:min-h-11 cursor-pointer items-center gap-2.5 rounded-control px-2.5 text-ink outline-none select-none data-disabled:cursor-not-allowed data-disabled:opacity-50 data-highlighted:bg-sunken [&_svg]:size-4 [&_svg]:shrink-0'

/** What was chosen, done once the menu is gone. */
const ChosenContext = createContext<(action: () => void) => void>((action) => action())

/**
 * A menu that drops from its trigger; arrow keys, type-ahead and Escape as people expect. What is chosen is done after
 * the menu has closed and given focus back: a dialog that opens then returns it to the trigger, not to nowhere.
 */
export function Menu({ trigger, label, align = 'end', className, children }: MenuProps) {
  const button = useRef<HTMLButtonElement>(null)
  const chosen = useRef<(() => void) | null>(null)
  const finish = (event: Event) => {
    const action = chosen.current
    if (action === null) return
    chosen.current = null
    event.preventDefault()
    button.current?.focus()
    action()
  }
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild ref={button}>
        {trigger}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          sideOffset={6}
          aria-label={label}
          onCloseAutoFocus={finish}
          className={classNames(
            'z-50 min-w-48 max-w-[calc(100vw-1rem)] rounded-card border border-line bg-raised p-1 shadow-lift',
            className,
          )}
        >
          <ChosenContext value={(action) => (chosen.current = action)}>{children}</ChosenContext>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

interface MenuItemProps {
  onSelect: () => void
  isDangerous?: boolean
  disabled?: boolean
  children: ReactNode
}

/** One action of a `Menu`. */
export function MenuItem({ onSelect, isDangerous = false, disabled = false, children }: MenuItemProps) {
  const choose = useContext(ChosenContext)
  return (
    <DropdownMenu.Item
      disabled={disabled}
      onSelect={() => choose(onSelect)}
      className={classNames(ITEM, isDangerous && 'text-error data-highlighted:bg-error/10')}
    >
      {children}
    </DropdownMenu.Item>
  )
}

/** One choice of several in a `Menu`; the chosen one carries a tick. */
export function MenuChoice({ isChosen, onSelect, children }: MenuItemProps & { isChosen: boolean }) {
  const choose = useContext(ChosenContext)
  return (
    <DropdownMenu.CheckboxItem checked={isChosen} onSelect={() => choose(onSelect)} className={ITEM}>
      <span className="grid size-4 shrink-0 place-items-center">
        <DropdownMenu.ItemIndicator>
          <Check aria-hidden />
        </DropdownMenu.ItemIndicator>
      </span>
      <span dir="auto" className="min-w-0 py-1 wrap-anywhere">
        {children}
      </span>
    </DropdownMenu.CheckboxItem>
  )
}

/** A line between groups of a `Menu`. */
export function MenuSeparator() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />
}
