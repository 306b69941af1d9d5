'use client'

import type { ComponentProps, MouseEvent } from 'react'
import { navigate } from './location'
import { pathOf, type Route } from './routes'

/** A link to a place in the app: an ordinary link (new tab, copy), opened without the network. */
export function AppLink({ to, onClick, ...rest }: Omit<ComponentProps<'a'>, 'href'> & { to: Route }) {
  const path = pathOf(to)
  const open = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event)
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return
    event.preventDefault()
    navigate(path)
  }
  return (
    <a {...rest} href={path} onClick={open}>
      {rest.children}
    </a>
  )
}
