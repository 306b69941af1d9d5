import { describe, expect, test } from 'vitest'
import { entities } from '@/entities'
import { resolveScope, scopeToElectric } from './scope'
import type { Viewer } from './viewer'

const ME = '00000000-0000-4000-8000-000000000001'
const BAND = '00000000-0000-4000-8000-0000000000b1'
const PROJECT = '00000000-0000-4000-8000-0000000000c1'
const ELSEWHERE = '00000000-0000-4000-8000-0000000000ff'
const viewer: Viewer = {
  user_id: ME,
  bands: new Map([[BAND, 'viewer']]),
  projects: new Map([[PROJECT, 'owner']]),
}

describe('a scope that a reader names', () => {
  test('is the band for entities of a band', () => {
    expect(resolveScope(entities.songs, BAND, viewer)).toEqual({ kind: 'band', column: 'band_id', value: BAND })
  })

  test('is compared in lower case, as Postgres prints it', () => {
    expect(resolveScope(entities.songs, BAND.toUpperCase(), viewer)).toMatchObject({ value: BAND })
  })

  test('is the own id for bands and projects', () => {
    expect(resolveScope(entities.bands, BAND, viewer)).toMatchObject({ column: 'id', value: BAND })
    expect(resolveScope(entities.projects, PROJECT, viewer)).toMatchObject({ column: 'id', value: PROJECT })
  })

  test('may be left out where rows are mine, and means me', () => {
    for (const entity of [entities.song_notes, entities.band_members, entities.project_users]) {
      expect(resolveScope(entity, null, viewer)).toEqual({ kind: 'user', column: 'user_id', value: ME })
      expect(resolveScope(entity, ME, viewer)).toEqual({ kind: 'user', column: 'user_id', value: ME })
    }
  })

  test('may be a band, a project or me for changes and conflicts, and means me when left out', () => {
    expect(resolveScope(entities.conflicts, null, viewer)).toEqual({ kind: 'user', column: 'scope_id', value: ME })
    for (const value of [BAND, PROJECT, ME]) {
      expect(resolveScope(entities.changes, value, viewer)).toMatchObject({ column: 'scope_id', value })
    }
  })

  test.each([entities.songs, entities.invites, entities.bands, entities.projects, entities.presence])(
    'is demanded by $name',
    (entity) => expect(resolveScope(entity, null, viewer)).toMatchObject({ refused: 'invalid' }),
  )

  test.each(['', 'x', `${BAND}x`, "' or 1=1"])('%j is invalid', (scope) =>
    expect(resolveScope(entities.songs, scope, viewer)).toMatchObject({ refused: 'invalid' }),
  )

  test('that is somebody else’s, of another kind or nobody’s is one and the same refusal', () => {
    for (const scope of [ELSEWHERE, PROJECT, ME]) {
      expect(resolveScope(entities.songs, scope, viewer)).toEqual({ refused: 'forbidden' })
    }
    expect(resolveScope(entities.song_notes, BAND, viewer)).toEqual({ refused: 'forbidden' })
    expect(resolveScope(entities.projects, BAND, viewer)).toEqual({ refused: 'forbidden' })
  })
})

test('the filter of a shape is a constant with the scope as its only parameter', () => {
  expect(scopeToElectric(entities.songs, { kind: 'band', column: 'band_id', value: BAND })).toEqual({
    where: '"band_id" = $1 AND "deleted_at" IS NULL',
    params: { '1': BAND },
  })
  expect(scopeToElectric(entities.presence, { kind: 'band', column: 'band_id', value: BAND }).where).toBe(
    '"band_id" = $1',
  )
})
