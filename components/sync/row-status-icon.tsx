import { classNames } from '@/components/ui/class-names'
import type { RowStatus } from '@/lib/sync/types'
import { ROW_STATUS_CAPTIONS, ROW_STATUS_WORDS } from './status-words'

interface RowStatusIconProps {
  status: RowStatus
  /** sm 16 px, md 20 px. */
  size?: 'sm' | 'md'
  /** `auto` shows the words where something is to be said and keeps "Synced" for screen readers. */
  text?: 'auto' | 'hidden' | 'shown'
  className?: string
}

const COLORS: Record<RowStatus, string> = {
  synced: 'text-synced',
  syncing: 'text-syncing',
  pending: 'text-pending',
  error: 'text-error',
  conflict: 'text-conflict',
  unread: 'text-synced',
}

/** What is true of one row's saving, as a shape, a colour and words: never by colour alone. */
export function RowStatusIcon({ status, size = 'sm', text = 'auto', className }: RowStatusIconProps) {
  const isTextShown = text === 'shown' || (text === 'auto' && status !== 'synced' && status !== 'unread')
  const words = ROW_STATUS_WORDS[status]
  return (
    <span
      title={words}
      aria-busy={status === 'syncing' || status === 'pending' ? true : undefined}
      className={classNames('inline-flex shrink-0 items-center gap-1.5 text-xs font-medium', COLORS[status], className)}
    >
      <svg
        aria-hidden
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={2}
        strokeLinecap="round"
        strokeLinejoin="round"
        className={classNames(size === 'sm' ? 'size-4' : 'size-5', status === 'syncing' && 'animate-breathe')}
      >
        {DRAWINGS[status]}
      </svg>
      <span className={isTextShown ? undefined : 'sr-only'}>{words}</span>
    </span>
  )
}

/** A word or two beside a title, for eyes only: the icon's text has told everybody else. */
export function RowStatusCaption({ status, className }: { status: RowStatus; className?: string }) {
  const caption = ROW_STATUS_CAPTIONS[status]
  if (caption === null) return null
  const color = status === 'unread' ? 'text-syncing' : COLORS[status]
  return (
    <span aria-hidden className={classNames('shrink-0 text-xs font-medium whitespace-nowrap', color, className)}>
      {caption}
    </span>
  )
}

const CLOUD = <path d="M5.52 16.07A7 7 0 1 1 15.71 8h1.79a4.5 4.5 0 0 1 3.5 7.33" />
const TICK = <path d="m17 15-5.5 5.5L9 18" />

// Cloud after lucide (ISC licence), so that it sits well beside the other icons.
const DRAWINGS: Record<RowStatus, React.ReactNode> = {
  synced: (
    <>
      {CLOUD}
      {TICK}
    </>
  ),
  syncing: (
    <>
      <path d="M21 15.25A4.5 4.5 0 0 0 17.5 8h-1.79a7 7 0 1 0-12.71 5.61" />
      <path d="m17 18-1.54 1.6a5 5 0 0 1-8-1.5M17 22v-4h-4M7 10v4h4M7 14l1.54-1.6a5 5 0 0 1 8 1.5" />
    </>
  ),
  pending: (
    <>
      <path d="M5.52 16.07A7 7 0 1 1 15.71 8h1.79a4.5 4.5 0 0 1 3.9 2.26" />
      <circle cx="15.5" cy="17" r="5" />
      <path d="M15.5 14.5V17l1.6 1" />
    </>
  ),
  error: (
    <>
      {CLOUD}
      <path d="m10 15 5.5 5.5M15.5 15 10 20.5" />
    </>
  ),
  // Two ways apart: the only one without a cloud.
  conflict: (
    <>
      <path d="M12 21v-6.5L4.5 7M4.5 12.5V7H10M19.5 12.5V7H14M14.5 11.9 19.5 7" />
      <path d="M12 3v.01" strokeWidth={3} />
    </>
  ),
  unread: (
    <>
      <path d="M5.52 16.07A7 7 0 0 1 14 5.5M20.9 12.6a4.5 4.5 0 0 1 .1 2.73" />
      {TICK}
      <circle cx="18" cy="6.5" r="4" className="fill-syncing stroke-syncing" stroke="none" />
      <circle cx="18" cy="6.5" r="5.25" className="stroke-syncing" strokeWidth={1} opacity={0.55} />
    </>
  ),
}
