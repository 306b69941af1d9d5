import { expect, test } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import { createLog } from './log'
import { runOracle } from './oracle/run'
import { testShapeServer } from './testing'

// A longer run: ORACLE_SEEDS=200 npx vitest run --project pg shape-server/oracle
const seedCount = Number(process.env['ORACLE_SEEDS'] ?? 3)
const firstSeed = Number(process.env['ORACLE_FIRST_SEED'] ?? 1)
const seeds = Array.from({ length: seedCount }, (_, i) => firstSeed + i)

test.each(seeds)(
  'PO1 every shape equals its SELECT under concurrent transactions (seed %i)',
  { timeout: 300_000 },
  async (seed) => {
    await using db = await testDatabase()
    await using server = await testShapeServer(db.superuserUrl, { ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD: '20000' })
    const report = await runOracle({
      seed,
      databaseUrl: db.superuserUrl,
      serverUrl: () => server.url,
      batches: 6,
      tables: 2,
      shapesPerTable: 6,
      writers: 3,
      truncates: seed % 3 === 0,
    })
    expect(report.comparisons).toBe(6 * 13)
    if (seed % 3 !== 0) expect(report.rotations).toBe(0)
  },
)

test.each(seeds)(
  'PO3 the same while logs are compacted, and readers cut their requests, stay away and come back (seed %i)',
  { timeout: 300_000 },
  async (seed) => {
    await using db = await testDatabase()
    const events: string[] = []
    await using server = await testShapeServer(
      db.superuserUrl,
      {
        ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD: '20000',
        ELECTRIC_COMPACT_LOG_BYTES: '1000',
        ELECTRIC_SWEEP_INTERVAL: '10ms',
      },
      undefined,
      createLog('info', (line) => events.push(line)),
    )
    const report = await runOracle({
      seed,
      databaseUrl: db.superuserUrl,
      serverUrl: () => server.url,
      batches: 6,
      tables: 2,
      shapesPerTable: 6,
      writers: 3,
      truncates: false,
      drops: true,
    })
    expect(report.comparisons).toBe(6 * 13)
    expect(events.filter((line) => line.includes('"shape_renewed"')).length).toBeGreaterThan(0)
  },
)
