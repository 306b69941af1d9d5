import { Spinner } from '@/components/ui/spinner'
import { Wordmark } from '@/components/ui/wordmark'

/** What the prerendered page shows: it is the same for everybody. */
export function Splash() {
  return (
    <main className="grid h-dvh place-content-center justify-items-center gap-5">
      <Wordmark className="text-base" />
      <Spinner label="Opening…" />
    </main>
  )
}
