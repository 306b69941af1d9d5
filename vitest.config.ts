import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('.', import.meta.url))
// Next aliases these marker packages itself; under vitest both sides of the app run in one Node process.
const markers = { 'server-only': `${root}scripts/test/empty.ts`, 'client-only': `${root}scripts/test/empty.ts` }
const alias = { '@': root.replace(/\/$/, ''), ...markers }
// Tests on real parts share two cores with Postgres, servers and a browser. One that fails is run again, twice at most, and its name printed
// with `retry x1`: the suite goes on telling about it, and only what fails every time ends the run.
const onRealParts = { retry: 2 }
// Limits of waiting, not of speed: a slow or busy machine is no failure.
const patience = (ms: number) => ({ testTimeout: ms, hookTimeout: ms, expect: { poll: { timeout: 60_000 } } })
const ignored = ['node_modules/**', '.next/**', '.next-*/**', '.data/**', '.cache/**']

/**
 * One vitest project per need, told by the file's suffix:
 * `.test.ts` needs nothing, `.pg.test.ts` a real Postgres, `.dom.test.tsx` a DOM, `.spec.ts` a browser and the whole app.
 */
export default defineConfig({
  test: {
    teardownTimeout: 60_000,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...ignored, '**/*.pg.test.ts'],
          environment: 'node',
          setupFiles: ['scripts/test/properties.ts'],
          ...patience(180_000),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'dom',
          include: ['**/*.dom.test.tsx'],
          exclude: ignored,
          environment: 'happy-dom',
          ...patience(180_000),
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'pg',
          include: ['**/*.pg.test.ts'],
          exclude: ignored,
          environment: 'node',
          setupFiles: ['scripts/test/properties.ts'],
          ...onRealParts,
          globalSetup: ['scripts/test/postgres-setup.ts'],
          ...patience(180_000),
          // One kind after the other: people in a browser wait, and must not wait for property tests on the same two cores.
          sequence: { groupOrder: 1 },
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          exclude: ignored,
          environment: 'node',
          ...onRealParts,
          globalSetup: ['scripts/test/app-setup.ts'],
          ...patience(240_000),
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
