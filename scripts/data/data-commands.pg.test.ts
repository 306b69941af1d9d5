import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { TestDatabase } from '../test/database'
import { testDatabase } from '../test/postgres'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

type Outcome = { code: number; output: string }

/** Runs a data command as its npm script does. */
async function command(name: string, args: string[], settings: Record<string, string>): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...settings }
    execFile(
      process.execPath,
      ['scripts/run.mjs', `scripts/data/${name}.ts`, ...args],
      { cwd: root, env },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : Number(error.code), output: `${out}${err}` })
      },
    )
  })
}

function given(db: TestDatabase): Record<string, string> {
  return { DATABASE_URL: db.appUrl, DATABASE_URL_UNPOOLED: db.ownerUrl, ELECTRIC_DATABASE_URL: db.electricUrl }
}

async function countOf(db: TestDatabase, table: string): Promise<number> {
  const client = new pg.Client(db.superuserUrl)
  await client.connect()
  try {
    return Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0].count)
  } finally {
    await client.end()
  }
}

test.each(['reset', 'seed'])('db:%s refuses a database that we did not start without its name', async (name) => {
  await using db = await testDatabase({ seeded: true })
  const songs = await countOf(db, 'songs')
  const { code, output } = await command(name, [], given(db))
  expect(code).toBe(1)
  expect(output).toContain(`npm run db:${name} -- ${db.name}`)
  expect((await command(name, ['another_name'], given(db))).code).toBe(1)
  expect(await countOf(db, 'songs')).toBe(songs)
})

test('db:reset with its name empties a database of your own, and puts no sample people into it', async () => {
  await using db = await testDatabase({ seeded: true })
  const { code, output } = await command('reset', [db.name], given(db))
  expect(output).toContain('empty and up to date')
  expect(code).toBe(0)
  expect(await countOf(db, 'users')).toBe(0)
  expect(await countOf(db, 'songs')).toBe(0)
})

test('db:migrate brings a database up to date and changes nothing the second time', async () => {
  await using db = await testDatabase()
  expect((await command('migrate', [], given(db))).output).toContain('up to date')
  expect(await countOf(db, 'songs')).toBe(0)
  expect((await command('migrate', [], given(db))).code).toBe(0)
})

test('db:migrate says when the database cannot be reached, without repeating the password', async () => {
  await using db = await testDatabase()
  const lost = new URL(db.ownerUrl)
  lost.port = '1'
  const { code, output } = await command('migrate', [], { ...given(db), DATABASE_URL_UNPOOLED: lost.href })
  expect(code).toBe(1)
  expect(output).toContain('DATABASE_URL_UNPOOLED')
  expect(output).not.toContain(lost.password)
})

test('the embedded database is reset to the same sample data', async () => {
  const dataDir = join(mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-`)), 'data')
  try {
    for (let time = 1; time <= 2; time += 1) {
      const { code, output } = await command('reset', [], { DATA_DIR: dataDir })
      expect(output).toContain('as new')
      expect(code).toBe(0)
    }
  } finally {
    rmSync(dirname(dataDir), { recursive: true, force: true })
  }
})
