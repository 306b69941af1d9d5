import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pathOf, routeOf, type Route } from './routes'

const place: fc.Arbitrary<Route> = fc.oneof(
  fc.constantFrom<Route>({ kind: 'home' }, { kind: 'account' }, { kind: 'sync' }),
  fc.record(
    { kind: fc.constantFrom('songs' as const, 'members' as const), bandId: fc.uuid() },
    { noNullPrototype: true },
  ),
)

test('a link to a place opens that place', () => {
  fc.assert(
    fc.property(place, (route) => {
      expect(routeOf(pathOf(route))).toEqual(route)
    }),
  )
})

test('any path is some place or says that it is none', () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      const route = routeOf(path)
      if (route.kind !== 'not-found') expect(routeOf(pathOf(route))).toEqual(route)
    }),
  )
})

test('a trailing slash, a band without a screen and upper-case ids lead to the same place', () => {
  const bandId = '0191e2a4-0000-7000-8000-00000000000a'
  for (const path of [`/bands/${bandId}`, `/bands/${bandId}/songs/`, `/bands/${bandId.toUpperCase()}/songs`])
    expect(routeOf(path)).toEqual({ kind: 'songs', bandId })
  expect(routeOf('/bands/not-a-uuid/songs')).toEqual({ kind: 'not-found' })
})

test('service worker and rewrites agree on which paths are no screens of the app', () => {
  const listIn = (file: string) => {
    const list = /NOT_A_SCREEN = \[([^\]]+)\]/.exec(readFileSync(file, 'utf8'))?.[1] ?? ''
    return list.match(/[\w-]+/g)?.toSorted()
  }
  const inWorker = listIn('public/sw.js')
  expect(inWorker).toEqual(listIn('next.config.ts'))
  for (const page of readdirSync('app/(auth)', { withFileTypes: true }))
    if (page.isDirectory() && !page.name.startsWith('_')) expect(inWorker).toContain(page.name)
})
