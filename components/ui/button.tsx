import { cva, type VariantProps } from 'class-variance-authority'
import { Slot } from 'radix-ui'
import type { ComponentProps } from 'react'
import { classNames } from './class-names'

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-control font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-50 aria-busy:opacity-70 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        primary: 'bg-tape text-on-tape hover:bg-tape-hover',
        secondary: 'border border-line bg-raised text-ink hover:border-line-strong',
        ghost: 'text-ink hover:bg-sunken',
        danger: 'border border-error/50 text-error hover:bg-error/10',
        link: 'text-glow underline-offset-4 hover:underline',
      },
      size: {
        // Under a finger everything is at least 44 px high.
        sm: 'h-8 px-2.5 text-sm pointer-coarse:h-11 pointer-coarse:px-3',
        md: 'h-10 px-4 pointer-coarse:h-11',
        lg: 'h-12 px-5 text-base',
        icon: 'size-10 pointer-coarse:size-11',
        'icon-sm': 'size-8 pointer-coarse:size-11',
      },
    },
    defaultVariants: { variant: 'primary', size: 'md' },
  },
)

export type ButtonProps = ComponentProps<'button'> &
  VariantProps<typeof look> & {
    /** Renders the only child (a link, say) with the button's look. */
    asChild?: boolean
  }

/** A button; `type="button"` unless told otherwise, so that none submits a form by accident. */
export function Button({ asChild = false, variant, size, className, type, ...rest }: ButtonProps) {
  const classes = classNames(look({ variant, size }), className)
  if (asChild) return <Slot.Root className={classes} {...rest} />
  return <button type={type ?? 'button'} className={classes} {...rest} />
}
