// npm run check: types, lint, format, import map, unused code. Each is named, all run, one failure fails.
import { spawnSync } from 'node:child_process'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureInstalled, requireNode } from './install.mjs'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const node = (file, ...args) => [process.execPath, [`node_modules/${file}`, ...args]]

const steps = [
  // Writes next-env.d.ts and the types of the routes, which a fresh clone lacks.
  { name: 'route types', command: node('next/dist/bin/next', 'typegen') },
  { name: 'types', command: node('typescript/bin/tsc', '--noEmit', '-p', '.') },
  { name: 'lint', command: node('oxlint/bin/oxlint', '--type-aware', '--deny-warnings') },
  { name: 'format', command: node('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.') },
  {
    name: 'import map',
    command: node('vitest/vitest.mjs', 'run', '--project', 'unit', 'scripts/import-map', '--reporter=dot'),
  },
  { name: 'unused code', command: [process.execPath, ['scripts/run.mjs', 'scripts/unused-code.ts']] },
]

requireNode()
await ensureInstalled()
const failed = steps.filter(({ name, command: [program, args] }) => {
  const startedAt = Date.now()
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  })
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
  return status !== 0
})
if (failed.length > 0) {
  console.error(`\nThe check failed: ${failed.map(({ name }) => name).join(', ')}.`)
  process.exit(1)
}
