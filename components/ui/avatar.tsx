'use client'

import { useState } from 'react'
import { classNames } from './class-names'

interface AvatarProps {
  name: string
  src?: string | null | undefined
  size?: 'sm' | 'md' | 'lg'
}

const SIZES = { sm: 'size-6 text-[0.625rem]', md: 'size-9 text-xs', lg: 'size-16 text-lg' } as const

/**
 * A person's picture, or their initials on a colour that is always the same for the same name; initials also where the
 * picture does not load (no network, gone). Decorative: the name stands beside it.
 */
export function Avatar({ name, src, size = 'md' }: AvatarProps) {
  const [broken, setBroken] = useState<string | null>(null)
  const classes = classNames('shrink-0 rounded-full object-cover', SIZES[size])
  if (src && src !== broken)
    return (
      // oxlint-disable-next-line nextjs/no-img-element -- pictures come from anywhere, and the static shell has no image server
      <img src={src} alt="" className={classes} referrerPolicy="no-referrer" onError={() => setBroken(src)} />
    )
  return (
    <span
      aria-hidden
      className={classNames(classes, 'grid place-items-center font-semibold text-white select-none')}
      style={{ background: `oklch(0.52 0.09 ${hueOf(name)})` }}
    >
      {initialsOf(name)}
    </span>
  )
}

function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters
    .map((word) => Array.from(word ?? '?').at(0) ?? '?')
    .join('')
    .toUpperCase()
}

function hueOf(name: string): number {
  let hash = 0
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360
  return hash
}
