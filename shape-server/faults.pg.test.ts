import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startEmbeddedPostgres } from '@/scripts/postgres/embedded'
import { testDatabase } from '@/scripts/test/postgres'
import { testSyncService } from '@/scripts/test/sync-service'
import { runOracle } from './oracle/run'
import { testShapeServer } from './testing'

const seedCount = Number(process.env['ORACLE_SEEDS'] ?? 1)
const firstSeed = Number(process.env['ORACLE_FIRST_SEED'] ?? 1)
const seeds = Array.from({ length: seedCount }, (_, i) => firstSeed + i)

test.each(seeds)(
  'PD1 nothing is lost, sent twice or rotated when the server is killed (seed %i)',
  { timeout: 300_000 },
  async (seed) => {
    await using db = await testDatabase()
    await using service = await testSyncService(db, {
      DATABASE_URL: db.superuserUrl,
      ELECTRIC_MANUAL_TABLE_PUBLISHING: 'false',
      ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD: '20000',
    })
    const report = await runOracle({
      seed,
      databaseUrl: db.superuserUrl,
      serverUrl: () => service.url,
      secret: service.secret,
      batches: 5,
      tables: 2,
      shapesPerTable: 4,
      writers: 3,
      truncates: false,
      disturb: (random) => service.restart(random.chance(0.8) ? 'SIGKILL' : 'SIGTERM'),
    })
    expect(report.rotations).toBe(0)
  },
)

test('PD2 nothing is lost, sent twice or rotated when Postgres is restarted', { timeout: 300_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'shape-server-postgres-'))
  let postgres = await startEmbeddedPostgres({ dataDir })
  const { port } = postgres
  const url = postgres.superuserUrl()
  try {
    await using server = await testShapeServer(url)
    const report = await runOracle({
      seed: 7,
      databaseUrl: url,
      serverUrl: () => server.url,
      batches: 3,
      tables: 2,
      shapesPerTable: 3,
      writers: 3,
      truncates: false,
      disturb: async (random) => {
        await postgres.stop(random.chance(0.5) ? 'immediate' : 'fast')
        postgres = await startEmbeddedPostgres({ dataDir, port })
      },
    })
    expect(report.rotations).toBe(0)
  } finally {
    await postgres.stop('immediate')
    await rm(dataDir, { recursive: true, force: true })
  }
})
