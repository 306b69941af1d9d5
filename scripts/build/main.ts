// npm run build [-- --standalone]: the production build, with the content security policy completed.
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from '../start-error'
import { build } from './ensure-build'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..')
const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())

try {
  const standalone = process.argv.includes('--standalone') || process.env.NEXT_OUTPUT === 'standalone'
  await build({ root, standalone, onLine: (line) => console.log(line), signal: stop.signal })
} catch (error) {
  console.error(error instanceof StartError ? `\n${error.message} ${error.advice}` : error)
  process.exitCode = 1
}
