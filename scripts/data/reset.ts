// npm run db:reset [-- <database name>]: starts over. The embedded database is removed with its secrets and the sync service's files,
// and made anew with sample data; a database that we did not start must be named and is emptied, without sample data.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { seed } from '@/db/seed'
import type { Settings } from '../env'
import { tryLock } from '../process/lock'
import { StartError } from '../start-error'
import { nameOfGiven, openTarget, runDataCommand, settingsOrExit } from './target'

await runDataCommand(async () => {
  const settings = settingsOrExit()
  const name = nameOfGiven(settings)
  if (name === undefined) return resetEmbedded(settings)
  if (process.argv[2] === name) return resetGiven(settings, name)
  throw new StartError(
    'bad-setting',
    `DATABASE_URL leads to a database of your own, and a reset deletes everything in it.`,
    `If that is what you want, repeat its name: npm run db:reset -- ${name}`,
  )
})

async function resetEmbedded(settings: Settings): Promise<void> {
  const lock = await tryLock(`supervisor ${settings.dataDir}`, `db:reset, process ${process.pid}`)
  if (lock.kind === 'taken') {
    throw new StartError(
      'already-running',
      `Backline is running on ${settings.dataDir} (${lock.by}).`,
      'Stop it first, then reset.',
    )
  }
  for (const name of ['postgres', 'postgres.new', 'electric', 'secrets.json']) {
    rmSync(join(settings.dataDir, name), { recursive: true, force: true })
  }
  await using target = await openTarget(settings)
  await target.migrate()
  await seed({ ownerUrl: target.ownerUrl })
  console.log('The database is as new, with the sample data.')
}

async function resetGiven(settings: Settings, name: string): Promise<void> {
  await using target = await openTarget(settings)
  const client = new pg.Client(target.ownerUrl)
  await client.connect()
  try {
    await client.query(`DROP PUBLICATION IF EXISTS electric_publication_default`)
    await client.query(`DROP SCHEMA IF EXISTS app CASCADE`)
    await client.query(`DROP SCHEMA IF EXISTS drizzle CASCADE`)
    await client.query(`DROP SCHEMA public CASCADE`)
    await client.query(`CREATE SCHEMA public`)
  } finally {
    await client.end()
  }
  await target.migrate()
  console.log(`The database ${name} is empty and up to date. Restart the sync service, so that it notices.`)
}
