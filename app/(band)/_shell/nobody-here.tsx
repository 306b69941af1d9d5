import { CloudOff } from 'lucide-react'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'

/** No network, and nobody was signed in on this device: the one moment in which the app cannot open. */
export function NobodyHere({ onRetry }: { onRetry: () => void }) {
  return (
    <main className="grid h-dvh place-content-center">
      <EmptyState
        heading="h1"
        icon={CloudOff}
        title="You are offline"
        action={<Button onClick={onRetry}>Try again</Button>}
      >
        Nobody is signed in on this device yet, and signing in needs a connection. After that Backline opens without
        one.
      </EmptyState>
    </main>
  )
}
