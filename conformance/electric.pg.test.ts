import { describe } from 'vitest'
import { conformance } from './suite'

// Against the real server: ELECTRIC_URL=http://… DATABASE_URL=postgresql://… [ELECTRIC_SECRET=…] npx vitest run --project pg conformance/electric
const { ELECTRIC_URL: url, DATABASE_URL: databaseUrl, ELECTRIC_SECRET: secret } = process.env

describe.skipIf(!url || !databaseUrl)('the real server', () => {
  conformance(() => ({
    url: url ?? '',
    databaseUrl: databaseUrl ?? '',
    secret: secret ?? null,
    longPollTimeoutMs: Number(process.env['ELECTRIC_LONG_POLL_TIMEOUT'] ?? 20_000),
    chunkBytes: Number(process.env['ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD'] ?? 10_485_760),
    deletesEnabled: process.env['ELECTRIC_ENABLE_INTEGRATION_TESTING'] === 'true',
  }))
})
