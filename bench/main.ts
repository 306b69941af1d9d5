// npm run bench [-- <name>…]: runs bench/<name>.ts, all of them unless named. Each prints its numbers beside a limit or a peer measured in
// the same run, and fails where a number does not hold.
import { readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from '@/scripts/run.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const all = readdirSync(here)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted()

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`There is no bench called ${unknown.join(', ')}. There are: ${all.join(', ')}.`)
  process.exit(2)
}

for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`\n== ${name}`)
  const loaded: unknown = await import(pathToFileURL(await bundle(`bench/${name}.ts`)).href)
  const result = await (loaded as { default: () => Promise<unknown> }).default()
  if (result !== undefined) console.log(JSON.stringify(result, null, 2))
}
