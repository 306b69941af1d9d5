import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { FAULTS, type Fault } from '@/lib/sync/testkit/faults/index'

/**
 * Plants each one-line fault of the sync layer in a copy of the project and wants the tests of its invariant red:
 * `npm run faults`, or `npm run faults -- O4 V2` for some.
 */
const root = process.cwd()
const COPIED = ['lib', 'entities', 'scripts/test', 'package.json', 'tsconfig.json', 'vitest.config.ts']

async function main(): Promise<void> {
  const wanted = process.argv.slice(2)
  const faults = wanted.length === 0 ? [...FAULTS] : FAULTS.filter(({ id }) => wanted.includes(id))
  const count = faults.length
  const unnoticed: Fault[] = []
  await Promise.all(
    Array.from({ length: Math.min(count, availableParallelism()) }, async () => {
      const copy = copyOfProject()
      try {
        for (let fault = faults.shift(); fault; fault = faults.shift()) {
          if (!(await isNoticed(copy, fault))) unnoticed.push(fault)
        }
      } finally {
        rmSync(copy, { recursive: true, force: true })
      }
    }),
  )
  console.log(`${count - unnoticed.length} of ${count} planted faults were noticed.`)
  for (const { id, file } of unnoticed) console.error(`${id}: the fault in ${file} went unnoticed.`)
  process.exitCode = unnoticed.length === 0 ? 0 : 1
}

function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'backline-faults-'))
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

async function isNoticed(copy: string, { id, file, line, fault, test }: Fault): Promise<boolean> {
  const path = join(copy, file)
  const sound = readFileSync(path, 'utf8')
  if (sound.split(line).length !== 2) throw new Error(`${id}: ${file} must contain its line once`)
  writeFileSync(
    path,
    sound.replace(line, () => fault),
  )
  const run = await vitest(copy, ['--project', 'unit', relative(copy, join(copy, test)), '-t', `^(.* )?${id} `])
  writeFileSync(path, sound)
  // Exit code 1 with a failed test; a file that does not even load proves nothing.
  const isRed = run.code === 1 && /Tests\s.*failed/.test(stripVTControlCharacters(run.output))
  console.log(`${isRed ? 'noticed  ' : 'UNNOTICED'} ${id}`)
  if (!isRed) console.error(run.output.slice(-5_000))
  return isRed
}

function vitest(cwd: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], { cwd })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}

await main()
