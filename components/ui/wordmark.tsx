import { classNames } from './class-names'

/** The name as it stands on the amps: marker on a strip of tape. */
export function Wordmark({ className }: { className?: string }) {
  return (
    <span
      className={classNames(
        'tape inline-block px-3 py-0.5 text-sm font-extrabold tracking-[0.14em] uppercase',
        className,
      )}
    >
      Backline
    </span>
  )
}
