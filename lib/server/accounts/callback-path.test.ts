import { expect, test } from 'vitest'
import { safeCallbackPath } from './callback-path'

const origin = 'https://band.example.com'

test('after sign-in a person goes where they were, with query and hash', () => {
  expect(safeCallbackPath('/songs?band=1#top', origin)).toBe('/songs?band=1#top')
  expect(safeCallbackPath(`${origin}/invite/abc`, origin)).toBe('/invite/abc')
})

test('nobody is sent to another site, to a script or into the doors', () => {
  const foreign = [
    'https://evil.example/songs',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'javascript:alert(1)',
    'data:text/html,hello',
    'http://band.example.com/',
    'https://band.example.com.evil.example/',
    'https://band.example.com@evil.example/',
    '/.//evil.example',
    `${origin}//evil.example`,
    '/api/auth/signout',
    'http://',
    '',
    null,
  ]
  for (const requested of foreign) expect(safeCallbackPath(requested, origin), String(requested)).toBe('/')
})
