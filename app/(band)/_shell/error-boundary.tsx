'use client'

import { TriangleAlert } from 'lucide-react'
import { Component, type ReactNode } from 'react'
import { Button } from '@/components/ui/button'
import { EmptyState } from '@/components/ui/empty-state'

/** Contains a screen's failure: the rest of the app goes on, and the screen can be tried again. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false }

  static getDerivedStateFromError() {
    return { hasFailed: true }
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children
    return (
      <EmptyState
        icon={TriangleAlert}
        heading="h1"
        title="This screen stopped working"
        action={
          <div className="flex gap-2">
            <Button onClick={() => this.setState({ hasFailed: false })}>Try again</Button>
            <Button variant="secondary" onClick={() => window.location.reload()}>
              Reload
            </Button>
          </div>
        }
      >
        Your work is safe: what you changed is stored on this device and sent as usual.
      </EmptyState>
    )
  }
}
