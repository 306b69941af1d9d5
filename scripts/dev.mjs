// npm run dev · npm start:  node scripts/dev.mjs [start]
// Sees to Node.js, packages and .env, then hands over to the supervisor (scripts/supervisor/main.ts) in this same process.
import { existsSync } from 'node:fs'
import { ensureInstalled, requireNode } from './install.mjs'

requireNode()
for (const file of ['.env.local', '.env']) if (existsSync(file)) process.loadEnvFile(file)
await ensureInstalled()
const { run } = await import('./run.mjs')
await run('scripts/supervisor/main.ts', process.argv.slice(2))
