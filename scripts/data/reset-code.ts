// npm run reset-code -- <email>: a one-time code with which somebody chooses a new password, for whoever runs this installation to
// hand out. Works while Backline runs, and while it does not.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { openDatabase } from '@/db/client'
import { issueResetCode } from '@/lib/server/accounts/password-reset'
import type { Settings } from '../env'
import { DATABASE_NAME } from '../supervisor/database'
import { loadSecrets } from '../supervisor/secrets'
import { openTarget, runDataCommand, settingsOrExit } from './target'

const [email] = process.argv.slice(2)
await runDataCommand(async () => {
  if (email === undefined) {
    console.error('Say for whom: npm run reset-code -- somebody@example.com')
    process.exitCode = 2
    return
  }
  const settings = settingsOrExit()
  const running = await runningDatabase(settings)
  await using target = running === null ? await openTarget(settings) : null
  await using db = openDatabase(running ?? target?.ownerUrl ?? '')
  const issued = await issueResetCode(db, email, 'administrator')
  if (issued === null) {
    console.error(`There is no account with the email ${email}.`)
    process.exitCode = 1
    return
  }
  const { code, expires_at } = issued.reset
  console.log(`${code}\nWorks once, until ${expires_at}, at /password/reset.`)
})

/** The owner's address of the embedded database, if it is running; null where it is not, or where there is another one. */
async function runningDatabase({ database, dataDir }: Settings): Promise<string | null> {
  const port = database.kind === 'given' ? null : runningPort(dataDir)
  if (port === null) return null
  const { ownerPassword } = loadSecrets(dataDir)
  const url = `postgresql://backline_owner:${ownerPassword}@127.0.0.1:${port}/${DATABASE_NAME}`
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
    await client.end()
    return url
  } catch {
    return null
  }
}

/** Where the embedded PostgreSQL listens, in its own words: POSTGRES_PORT may be 0, or another in this shell. */
function runningPort(dataDir: string): number | null {
  try {
    // https://www.postgresql.org/docs/current/storage-file-layout.html: the port is the fourth line.
    return Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[3]) || null
  } catch {
    return null
  }
}
