import { Avatar } from '@/components/ui/avatar'
import { classNames } from '@/components/ui/class-names'
import type { Present } from '@/lib/sync/react/presence-policy'

interface PresenceAvatarsProps {
  people: readonly Present[]
  nameOf: (userId: string) => string
  pictureOf: (userId: string) => string | null
}

const SHOWN_MAX = 4

/** Who else is here: up to four pictures and how many more. Whoever looks at the same page has a ring, and words that say so. */
export function PresenceAvatars({ people, nameOf, pictureOf }: PresenceAvatarsProps) {
  if (people.length === 0) return null
  const named = people.map(({ user_id, isOnThisPage }) => ({ user_id, isOnThisPage, name: nameOf(user_id) }))
  const inOrder = named.toSorted(
    (a, b) => Number(b.isOnThisPage) - Number(a.isOnThisPage) || a.name.localeCompare(b.name),
  )
  const [shown, more] = [inOrder.slice(0, SHOWN_MAX), inOrder.slice(SHOWN_MAX)]
  return (
    <ul aria-label="Here now" className="flex shrink-0 items-center -space-x-1.5">
      {shown.map((person) => (
        <li
          key={person.user_id}
          title={wordsOf(person)}
          className={classNames(
            'rounded-full ring-2',
            person.isOnThisPage ? 'z-10 ring-synced' : 'opacity-80 ring-surface',
          )}
        >
          <Avatar name={person.name} src={pictureOf(person.user_id)} size="sm" />
          <span className="sr-only">{wordsOf(person)}</span>
        </li>
      ))}
      {more.length === 0 ? null : (
        <li
          title={more.map(wordsOf).join('\n')}
          className="grid size-6 place-items-center rounded-full bg-sunken text-[0.625rem] font-semibold text-ink-muted ring-2 ring-surface"
        >
          <span aria-hidden>+{more.length}</span>
          <span className="sr-only">and {more.map(wordsOf).join('; ')}</span>
        </li>
      )}
    </ul>
  )
}

function wordsOf({ name, isOnThisPage }: { name: string; isOnThisPage: boolean }): string {
  return isOnThisPage ? `${name}, on this page` : name
}
