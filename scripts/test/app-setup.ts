import type { TestProject } from 'vitest/node'
import { startStack } from './stack'

declare module 'vitest' {
  interface ProvidedContext {
    /** The production build with the sample data, for `e2e/*.spec.ts`. */
    appUrl: string
    /** What it and its sync service say, for `linesSince`. */
    appLog: string
    /** The sync service behind it. */
    syncUrl: string
    /** Its database, as the owner. */
    appOwnerUrl: string
  }
}

/** One production app for all browser tests of a run; `testDatabase()` gives further databases on its cluster. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const stack = await startStack({
    // A whole run signs in the same five people from one address.
    settings: { SIGN_INS_PER_ACCOUNT: '1000', SIGN_INS_PER_ADDRESS: '10000' },
    onLine: (line) => console.log(`app | ${line}`),
  })
  project.provide('appUrl', stack.url)
  project.provide('appLog', stack.log)
  project.provide('syncUrl', stack.sync.url)
  project.provide('appOwnerUrl', stack.database.ownerUrl)
  project.provide('postgresUrl', stack.superuserUrl)
  return async () => stack[Symbol.asyncDispose]()
}
