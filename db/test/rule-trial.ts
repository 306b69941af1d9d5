import { afterAll, beforeAll, expect } from 'vitest'
import type { TestDatabase } from '../../scripts/test/database'
import { testDatabase } from '../../scripts/test/postgres'
import { buildHouse, openTrial, type Attempt, type Trial } from './house'

/** The house in a database of its own for all tests of a file, and statements tried in it as one of its people. */
export interface RuleTrial {
  attempt: (...args: Parameters<Trial['attempt']>) => Promise<Attempt>
  /** The one row a statement returns, as somebody who may. */
  row: (userId: string, statement: string, before?: string) => Promise<Record<string, unknown>>
  /** Expects that a statement is refused. */
  refuses: (userId: string, statement: string, before?: string) => Promise<void>
}

/** Starts it before the first test of a file and ends it after the last. */
export function ruleTrial(): RuleTrial {
  let db: TestDatabase
  let trial: Trial
  beforeAll(async () => {
    db = await testDatabase({ migrated: true })
    await buildHouse(db.ownerUrl)
    trial = await openTrial(db.superuserUrl)
  })
  afterAll(async () => {
    await trial[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
  })
  const attempt: RuleTrial['attempt'] = (...args) => trial.attempt(...args)
  return {
    attempt,
    async row(userId, statement, before) {
      const result = await attempt(userId, statement, before)
      expect(result.kind, statement).toBe('done')
      const first = result.kind === 'done' ? result.rows[0] : undefined
      if (!first) throw new Error(`no row: ${statement}`)
      return first
    },
    async refuses(userId, statement, before) {
      expect(await attempt(userId, statement, before), statement).toEqual({ kind: 'refused' })
    },
  }
}
