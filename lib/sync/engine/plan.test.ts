import { expect, test } from 'vitest'
import type { BandRole } from '@/lib/entity/viewer'
import { uuidOf } from '../testkit/builders'
import type { Memberships } from './memberships'
import { planShapes } from './plan'

const [ME, BAND, OTHER] = [uuidOf(1), uuidOf(2), uuidOf(3)]
const as = (role: BandRole, isKnown = true): Memberships => ({
  viewer: { user_id: ME, bands: new Map(isKnown ? [[BAND, role]] : []), projects: new Map() },
  joinedAt: new Map(),
  isKnown,
  isFresh: isKnown,
})
const wanted = [
  { entity: 'songs', scope: BAND },
  { entity: 'songs', scope: OTHER },
]

test('P1 only shapes of my containers are planned, and of them those that my role may read', () => {
  const { first, background } = planShapes({
    userId: ME,
    wanted,
    openScopes: [BAND, OTHER],
    memberships: as('collaborator'),
  })
  const ids = [...first.keys(), ...background.keys()]
  expect(ids.some((id) => id.includes(OTHER))).toBe(false)
  expect(ids).toContain(`messages/${BAND}`)
  // Invites are the owners' alone.
  expect(ids).not.toContain(`invites/${BAND}`)
  const own = planShapes({ userId: ME, wanted, openScopes: [BAND], memberships: as('owner') })
  expect([...own.background.keys()]).toContain(`invites/${BAND}`)
})

test('P2 memberships and what is looked at come first, the rest of the open band behind', () => {
  const { first, background } = planShapes({ userId: ME, wanted, openScopes: [BAND], memberships: as('viewer') })
  expect([...first.keys()]).toEqual([
    'band_members/mine',
    'project_users/mine',
    'read_marks/mine',
    `conflicts/${ME}`,
    `songs/${BAND}`,
    `conflicts/${BAND}`,
  ])
  expect([...background.keys()]).toContain('writing_sessions/mine')
  expect([...background.keys()]).toContain(`setlists/${BAND}`)
})

test('P2 while memberships are unknown nothing of a container is asked for', () => {
  const { first } = planShapes({ userId: ME, wanted, openScopes: [BAND], memberships: as('owner', false) })
  expect([...first.keys()].filter((id) => id.includes(BAND))).toEqual([])
})
