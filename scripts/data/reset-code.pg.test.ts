import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openDatabase } from '@/db/client'
import { SAMPLE_USERS } from '@/db/sample-ids'
import { resetPassword } from '@/lib/server/accounts/password-reset'
import { readSettings } from '../env'
import { testDatabase } from '../test/postgres'
import { openTarget } from './target'

const caller = { address: '127.0.0.1', origin: 'http://localhost' }

test('whoever runs the installation hands out a code that opens the account once', async () => {
  await using db = await testDatabase({ seeded: true })
  const env = {
    ...process.env,
    DATABASE_URL: db.appUrl,
    DATABASE_URL_UNPOOLED: db.ownerUrl,
    ELECTRIC_DATABASE_URL: db.electricUrl,
  }
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/run.mjs', 'scripts/data/reset-code.ts', ...args], { env })

  const { stdout } = await run(SAMPLE_USERS.mia.email)
  const code = /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/m.exec(stdout)?.[0]
  await using app = openDatabase(db.appUrl)
  const form = { code, new_password: 'a new password' }
  expect(await resetPassword(app, form, caller)).toMatchObject({ ok: true, person: { id: SAMPLE_USERS.mia.id } })
  expect(await resetPassword(app, form, caller)).toMatchObject({ ok: false })
  await expect(run('nobody@example.com')).rejects.toMatchObject({ code: 1 })
  await expect(run()).rejects.toMatchObject({ code: 2 })
})

test('a running database is found on whatever port it took', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-reset-code-`))
  try {
    const env = { ...process.env, DATABASE_URL: '', DATA_DIR: dataDir, POSTGRES_PORT: '0' }
    const settings = readSettings(env, dataDir)
    if (settings.kind !== 'ok') expect.unreachable(settings.problems.join(' '))
    await using running = await openTarget(settings.settings)
    await running.migrate()
    const asked = promisify(execFile)(
      process.execPath,
      ['scripts/run.mjs', 'scripts/data/reset-code.ts', 'nobody@example.com'],
      { env },
    )
    await expect(asked).rejects.toMatchObject({ stderr: expect.stringContaining('There is no account') as string })
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
})
