import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSettings } from '../env'
import { tryLock } from '../process/lock'
import { supervise } from './supervise'

test('a second `npm run dev` in one checkout is told where the first one runs, before anything starts', async () => {
  const root = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-`))
  const first = await tryLock(`next dev ${root}`, 'process 1, http://localhost:3000')
  try {
    const read = readSettings({ DATA_DIR: 'other', PORT: '0', POSTGRES_PORT: '0', ELECTRIC_PORT: '0' }, root)
    if (read.kind !== 'ok' || first.kind !== 'held') throw new Error('the test could not be set up')
    const outcome = await supervise({
      mode: 'dev',
      root,
      settings: read.settings,
      log: () => {},
      signal: AbortSignal.abort(),
      onReady: () => {},
    })
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'already-running' } })
    expect(outcome.kind === 'failed' && outcome.error.message).toContain('http://localhost:3000')
    expect(readdirSync(root)).toEqual([])
    // The data directory that it had taken is free again.
    const data = await tryLock(`supervisor ${read.settings.dataDir}`, 'this test')
    expect(data.kind).toBe('held')
    if (data.kind === 'held') await data.release()
  } finally {
    if (first.kind === 'held') await first.release()
    rmSync(root, { recursive: true, force: true })
  }
})
