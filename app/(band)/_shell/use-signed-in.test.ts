import { expect, test } from 'vitest'
import type { Me } from './me'
import { afterAnswer, type SignedIn } from './use-signed-in'

const sarah: Me = {
  user: { id: '0191e2a4-0000-7000-8000-00000000000a', name: 'Sarah', email: 's@x.test', image: null },
  flags: { syncIcons: true, toasts: true },
}
const alex: Me = { ...sarah, user: { ...sarah.user, id: '0191e2a4-0000-7000-8000-00000000000b', name: 'Alex' } }
const known: SignedIn = { kind: 'in', me: sarah, isSessionOver: false }

test('a known person keeps the app when the server cannot be reached', () => {
  expect(afterAnswer(known, { kind: 'unreachable' })).toBe(known)
})

test('an ended session asks to sign in and takes nothing away', () => {
  expect(afterAnswer(known, { kind: 'signed-out' })).toEqual({ kind: 'in', me: sarah, isSessionOver: true })
})

test('the same person again is the same object, so that sync does not start over', () => {
  const after = afterAnswer({ ...known, isSessionOver: true }, { kind: 'in', me: structuredClone(sarah) })
  expect(after).toEqual(known)
  expect(after.kind === 'in' && after.me).toBe(sarah)
})

test('the session decides who it is', () => {
  expect(afterAnswer(known, { kind: 'in', me: alex })).toEqual({ kind: 'in', me: alex, isSessionOver: false })
})

test('nobody known: the server decides, and without it nothing opens', () => {
  expect(afterAnswer({ kind: 'checking' }, { kind: 'signed-out' })).toEqual({ kind: 'out' })
  expect(afterAnswer({ kind: 'checking' }, { kind: 'unreachable' })).toEqual({ kind: 'unreachable' })
})
