/** What can be said about a run, all of it in variables of the bench's own: those of the app and of a sync service name things in use. */
export interface BenchSettings {
  /** Measures to take; all of them unless named. */
  only: ReadonlySet<string> | null
  snapshotRows: number
  storedShapes: number
  /** Arguments for the server's node: `--cpu-prof` writes a profile of it when it stops. */
  nodeArgs: string[]
  /** The server's log is shown. */
  showsLog: boolean
  /** Another sync service to measure beside ours, and the database it follows. */
  peer: { url: string; databaseUrl: string; secret: string | null } | null
}

/** Reads the settings. Throws a sentence that names the variable. */
export function readBenchSettings(env: Readonly<Record<string, string | undefined>>): BenchSettings {
  const text = (name: string) => env[name] || null
  const count = (name: string, fallback: number) => {
    const given = text(name)
    if (given === null) return fallback
    if (!/^[1-9]\d*$/.test(given)) throw new Error(`${name} must be a whole number above 0, not "${given}".`)
    return Number(given)
  }
  return {
    only: text('BENCH_ONLY') === null ? null : new Set(text('BENCH_ONLY')?.split(',')),
    snapshotRows: count('BENCH_SNAPSHOT_ROWS', 1_000_000),
    storedShapes: count('BENCH_STORED_SHAPES', 100_000),
    nodeArgs: text('BENCH_NODE_ARGS')?.split(' ') ?? [],
    showsLog: text('BENCH_LOG') !== null,
    peer: readPeer(text),
  }
}

function readPeer(text: (name: string) => string | null): BenchSettings['peer'] {
  const url = text('BENCH_ELECTRIC_URL')
  const databaseUrl = text('BENCH_DATABASE_URL')
  if (url === null && databaseUrl === null) return null
  if (url === null || databaseUrl === null) {
    throw new Error(
      'BENCH_ELECTRIC_URL and BENCH_DATABASE_URL go together: a sync service, and the database it follows.',
    )
  }
  return { url, databaseUrl, secret: text('BENCH_ELECTRIC_SECRET') }
}
