import { describe, expect, test } from 'vitest'
import { testApp } from '@/scripts/test/app'
import { eventually } from '@/scripts/test/eventually'
import { startNeonProxy } from '@/scripts/test/neon-proxy'
import { backstage } from '@/scripts/test/people'
import { testDatabase } from '@/scripts/test/postgres'
import { testSyncService } from '@/scripts/test/sync-service'
import { sharedAnswers } from './shared-answers'

describe.each(['pg', 'neon'] as const)('on the driver %s', (driver) => {
  test('shapes, history, me and a removal while a request is held answer alike', async () => {
    await using db = await testDatabase({ migrated: true })
    await using stage = backstage(db)
    await using sync = await testSyncService(db)
    await using proxy = await startNeonProxy()
    const settings = { DATABASE_DRIVER: driver, NEON_WS_PROXY: proxy.address }
    await using app = await testApp(db, { sync, settings })
    const sarah = await stage.person('Sarah')
    const noah = await stage.person('Noah')
    const band = await stage.band({ [sarah]: 'owner', [noah]: 'collaborator' })
    const gone = await stage.song(band, 'Gone')
    await stage.sql.query('update songs set deleted_at = now() where id = $1', [gone])

    const me = (await (await app.as(noah)('/api/me')).json()) as object
    expect(me).toMatchObject({ user: { id: noah, name: 'Noah' } })
    const trash = await app.as(noah)(`/api/history/songs?scope=${band}&deleted=1`)
    expect(await trash.json()).toMatchObject({
      rows: [{ id: gone, title: 'Gone', tags: [], deleted_at: expect.stringMatching(/\.\d{3}Z$/) }],
      next: null,
    })

    const read = (user: string, query: string) => app.as(user)(`/api/shapes/songs?scope=${band}&${query}`)
    const first = await read(noah, 'offset=-1')
    const handle = first.headers.get('electric-handle')
    const second = await read(noah, `offset=0_0&handle=${handle}`)
    const waiting = `offset=${second.headers.get('electric-offset')}&handle=${handle}&live=true`
    const held = [read(sarah, waiting), read(noah, waiting)]
    await eventually(() => expect(sharedAnswers().readers).toBe(2))
    await stage.remove(band, noah)
    await stage.song(band, 'After he left')
    const [sarahs, noahs] = await Promise.all(
      held.map(async (each) => `${(await each).status} ${await (await each).text()}`),
    )
    expect(sarahs).toMatch(/^200 .*After he left/)
    expect(noahs).toMatch(/^403 (?!.*After he left)/)
  })
})
