import type { TestProject } from 'vitest/node'
import { throwawayCluster } from './cluster'

declare module 'vitest' {
  interface ProvidedContext {
    /** The superuser's URL of the run's own PostgreSQL cluster. */
    postgresUrl: string
  }
}

/** One throwaway PostgreSQL for all `.pg.test.ts` files of a run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await throwawayCluster()
  project.provide('postgresUrl', cluster.superuserUrl())
  return () => cluster.stop()
}
