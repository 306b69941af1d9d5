'use client'

import { useCallback, useEffect, useState } from 'react'
import { fetchMe, keepMe, onMeChangedElsewhere, readKeptMe, type Me, type MeAnswer } from './me'

export type SignedIn =
  | { kind: 'checking' }
  /** `isSessionOver`: the server no longer knows the session; what is on this device stays until somebody signs in. */
  | { kind: 'in'; me: Me; isSessionOver: boolean }
  | { kind: 'out' }
  /** Nobody was signed in here before, and the server cannot be asked. */
  | { kind: 'unreachable' }

/** What an answer of the server makes of what is known: never takes the app away from a known person. */
export function afterAnswer(known: SignedIn, answer: MeAnswer): SignedIn {
  if (answer.kind === 'in') {
    const isSame = known.kind === 'in' && JSON.stringify(known.me) === JSON.stringify(answer.me)
    // The same object, so that nothing that depends on the person starts over.
    return { kind: 'in', me: isSame ? known.me : answer.me, isSessionOver: false }
  }
  if (known.kind === 'in') return answer.kind === 'signed-out' ? { ...known, isSessionOver: true } : known
  return answer.kind === 'signed-out' ? { kind: 'out' } : { kind: 'unreachable' }
}

/**
 * Who is signed in: at once from what this device keeps, then as the server says. `check` asks the server again, for
 * when a door answered that the session is over, or the network came back.
 */
export function useSignedIn(): { signedIn: SignedIn; check: () => void } {
  const [signedIn, setSignedIn] = useState<SignedIn>({ kind: 'checking' })
  const [round, setRound] = useState(0)
  const check = useCallback(() => setRound((before) => before + 1), [])

  useEffect(() => {
    const kept = readKeptMe()
    // oxlint-disable-next-line react/set-state-in-effect -- storage is the browser's: the prerendered page cannot read it
    if (kept) setSignedIn((known) => (known.kind === 'in' ? known : { kind: 'in', me: kept, isSessionOver: false }))
    const asking = new AbortController()
    void fetchMe(asking.signal).then((answer) => {
      if (asking.signal.aborted) return
      if (answer.kind === 'in') keepMe(answer.me)
      setSignedIn((known) => afterAnswer(known, answer))
    })
    return () => asking.abort()
  }, [round])

  useEffect(() => {
    // Another tab signed out or changed the person: this one starts over with what holds now.
    const stop = onMeChangedElsewhere(() => {
      const kept = readKeptMe()
      setSignedIn(kept ? { kind: 'in', me: kept, isSessionOver: false } : { kind: 'out' })
    })
    window.addEventListener('online', check)
    return () => {
      stop()
      window.removeEventListener('online', check)
    }
  }, [check])

  return { signedIn, check }
}
