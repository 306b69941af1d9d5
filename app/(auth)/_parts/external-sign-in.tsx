'use client'

import { useEffect, useState } from 'react'
import * as z from 'zod/mini'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { useCallbackUrl } from './use-address'

const providersAnswer = z.record(z.string(), z.object({ id: z.string(), name: z.string(), type: z.string() }))
const tokenAnswer = z.object({ csrfToken: z.string() })
const redirectAnswer = z.object({ url: z.url() })

interface Provider {
  id: string
  name: string
}

/** A button for each service whose keys are set on the server; nothing where there are none. */
export function ExternalSignIn() {
  const callbackUrl = useCallbackUrl()
  const [providers, setProviders] = useState<readonly Provider[]>([])
  const [hasFailed, setFailed] = useState(false)

  useEffect(() => {
    const asking = new AbortController()
    readProviders(asking.signal)
      .then(setProviders)
      // Passwords work without this list.
      .catch(() => {})
    return () => asking.abort()
  }, [])

  if (providers.length === 0) return null
  const go = (id: string) => {
    setFailed(false)
    leaveFor(id, callbackUrl ?? '/').catch(() => setFailed(true))
  }
  return (
    <div className="grid gap-3">
      <p className="text-center text-sm text-ink-muted">or</p>
      {providers.map(({ id, name }) => (
        <Button key={id} variant="secondary" size="lg" onClick={() => go(id)}>
          Continue with {name}
        </Button>
      ))}
      {hasFailed ? (
        <Callout tone="bad" role="alert">
          That did not work. Check your connection and try again.
        </Callout>
      ) : null}
    </div>
  )
}

async function readProviders(signal: AbortSignal): Promise<Provider[]> {
  const response = await fetch('/api/auth/providers', { signal })
  const answer = providersAnswer.parse(await response.json())
  return Object.values(answer).filter(({ type }) => type === 'oauth')
}

/** Asks next-auth for the service's address and goes there: fetched, because the content security policy keeps forms on this site. */
async function leaveFor(provider: string, callbackUrl: string): Promise<void> {
  const { csrfToken } = tokenAnswer.parse(await (await fetch('/api/auth/csrf')).json())
  const body = new URLSearchParams({ csrfToken, callbackUrl, json: 'true' })
  const response = await fetch(`/api/auth/signin/${provider}`, { method: 'POST', body })
  window.location.assign(redirectAnswer.parse(await response.json()).url)
}
