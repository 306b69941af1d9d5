import { Compass } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'

/** For addresses that are no page of the app: a file that is gone, a mistyped account page. */
export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-content-center">
      <EmptyState
        icon={Compass}
        heading="h1"
        title="There is nothing at this address"
        action={
          <Button asChild>
            {/* oxlint-disable-next-line nextjs/no-html-link-for-pages -- a fresh opening, whatever was wrong here */}
            <a href="/">Open Backline</a>
          </Button>
        }
      >
        It may be mistyped, or what was here is gone.
      </EmptyState>
    </main>
  )
}
