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
  })
  const database = new pg.Client(inject('appOwnerUrl'))
  try {
    await database.connect()
    const output: string[] = []
    const ended = new Promise<number | null>((resolve) => shell.once('close', resolve))
    const marker = `followed by curl ${process.pid}`
    // Each piece of output is news: once the snapshot is there a change is made, and it must come as the last answer.
    for await (const chunk of shell.stdout) {
      output.push(String(chunk))
      if (output.join('').includes('up-to-date') || output.join('').includes('"operation":"insert"')) {
        await database.query(
          `UPDATE songs SET notes = $1 WHERE id = (SELECT id FROM songs WHERE band_id = $2 AND deleted_at IS NULL ORDER BY id LIMIT 1)`,
          [marker, NIGHT_SHIFT],
        )
      }
    }
    expect(await ended).toBe(0)
    const answers = output.join('')
    expect(answers).toContain('"operation":"insert"')
    expect(answers).toContain(marker)
  } finally {
    shell.kill()
    await database.end()
    rmSync(directory, { recursive: true, force: true })
  }
})
