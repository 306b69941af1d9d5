import { afterAll, beforeAll } from 'vitest'
import { testDatabase } from '@/scripts/test/postgres'
import type { TestDatabase } from '@/scripts/test/database'
import { testShapeServer } from '@/shape-server/testing'
import type { TestShapeServer } from '@/shape-server/testing'
import { conformance } from './suite'

let db: TestDatabase
let server: TestShapeServer

const LONG_POLL_MS = 1000
const CHUNK_BYTES = 10_000

beforeAll(async () => {
  db = await testDatabase()
  server = await testShapeServer(db.superuserUrl, {
    ELECTRIC_INSECURE: '',
    ELECTRIC_SECRET: 'conformance',
    ELECTRIC_ENABLE_INTEGRATION_TESTING: 'true',
    ELECTRIC_LONG_POLL_TIMEOUT: String(LONG_POLL_MS),
    ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD: String(CHUNK_BYTES),
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await db[Symbol.asyncDispose]()
})

conformance(() => ({
  url: server.url,
  databaseUrl: db.superuserUrl,
  secret: 'conformance',
  longPollTimeoutMs: LONG_POLL_MS,
  chunkBytes: CHUNK_BYTES,
  deletesEnabled: true,
}))
