import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../process/is-alive'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/embedded'

const PREFIX = 'backline-test-'

/** What a throwaway cluster does differently: it need not survive a power cut, and its passwords are no secret. */
const THROWAWAY_SETTINGS = {
  // synchronous_commit stays on: without it replication waits for the WAL writer, up to 200 ms a write.
  fsync: 'off',
  full_page_writes: 'off',
  scram_iterations: '1',
  autovacuum: 'on',
  max_wal_size: '2GB',
}

/** A PostgreSQL of its own on a free port, in a temporary directory that is removed when it is disposed. */
export async function throwawayCluster(): Promise<EmbeddedPostgres & AsyncDisposable> {
  removeLeftovers()
  const directory = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  try {
    const server = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres'), settings: THROWAWAY_SETTINGS })
    const dispose = async () => {
      await server.stop('immediate')
      remove()
    }
    return { ...server, stop: dispose, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    remove()
    throw error
  }
}

/** Removes the directories of test runs that were killed; their servers ended with them. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}
