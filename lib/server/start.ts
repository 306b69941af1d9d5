import 'server-only'
import { assertAppRole, database } from '@/db/client'
import { accountSettings } from './accounts/settings'
import { env, EnvError } from './env'
import { limits } from './rate-limit'

/** What keeps the app from starting, as sentences for the operator. */
export type StartProblem = { kind: 'setting' | 'role'; message: string }

/** Ends the process with a sentence where the app is set up wrongly: it must not serve. */
export async function startOrExit(): Promise<void> {
  const problem = await findStartProblem()
  if (problem === null) return
  console.error(`Backline cannot start: ${problem.message} Every variable is explained in .env.example.`)
  process.exit(1)
}

/**
 * Checks settings and database role once, before the first request: a wrong setting is told at start and not at somebody's first click,
 * and a role that row-level security does not bind must never serve. A database that does not answer is no reason to stay down: it may
 * come back, and `/api/health` says so.
 */
export async function findStartProblem(): Promise<StartProblem | null> {
  try {
    env()
    accountSettings()
    limits()
  } catch (error) {
    if (error instanceof EnvError) return { kind: 'setting', message: error.message }
    throw error
  }
  const db = database()
  try {
    await db.execute('SELECT 1')
  } catch {
    return null
  }
  try {
    await assertAppRole(db)
    return null
  } catch (error) {
    return { kind: 'role', message: error instanceof Error ? error.message : String(error) }
  }
}
