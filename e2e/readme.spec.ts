import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, inject, test } from 'vitest'
import { NIGHT_SHIFT } from '@/db/sample-ids'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The commands that the README shows, as they stand there. */
function readmeCommands(): string {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const section = readme.slice(readme.indexOf('## Follow a shape with curl'))
  return /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
}

test('the commands of the README follow a shape: snapshot, then a change as it happens', async () => {
  const directory = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-readme-`))
  const shell = spawn('/bin/bash', ['-euo', 'pipefail', '-c', readmeCommands()], {
    cwd: directory,
    env: { ...process.env, APP: inject('appUrl') },
    stdio: ['ignore', 'pipe', 'inherit'],
    // With its curl it is one group: both are ended together.
    detached: true,
  })
  const database = new pg.Client(inject('appOwnerUrl'))
  try {
    await database.connect()
    const marker = `followed by curl ${process.pid}`
    let answers = ''
    let isChanged = false
    for await (const chunk of shell.stdout) {
      answers += String(chunk)
      if (answers.includes(marker)) break
      // The snapshot has begun: what is changed now comes with it or after it, and must come.
      if (isChanged || !answers.includes('"operation":"insert"')) continue
      isChanged = true
      await database.query(
        `UPDATE songs SET notes = $1 WHERE id = (SELECT id FROM songs WHERE band_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1)`,
        [marker, NIGHT_SHIFT],
      )
    }
    expect(answers).toContain('"operation":"insert"')
    expect(answers).toMatch(new RegExp(`"operation":"update"[\\s\\S]*${marker}|${marker}[\\s\\S]*"operation":"update"`))
  } finally {
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL')
    await database.end()
    rmSync(directory, { recursive: true, force: true })
  }
})
