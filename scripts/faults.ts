import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { FAULTS, type Fault } from '@/lib/sync/testkit/faults/index'

/**
 * Plants each one-line fault of the sync layer in a copy of the project and wants the tests of its invariant red:
 * `npm run faults`, or `npm run faults -- O4 V2` for some.
 */
const root = process.cwd()
const COPIED = ['lib', 'entities', 'scripts/test', 'package.json', 'tsconfig.json', 'vitest.config.ts']

function main(): void {
  const wanted = process.argv.slice(2)
  const faults = wanted.length === 0 ? FAULTS : FAULTS.filter(({ id }) => wanted.includes(id))
  const copy = copyOfProject()
  try {
    const unnoticed = faults.filter((fault) => !isNoticed(copy, fault))
    console.log(`${faults.length - unnoticed.length} of ${faults.length} planted faults were noticed.`)
    for (const { id, file } of unnoticed) console.error(`${id}: the fault in ${file} went unnoticed.`)
    process.exitCode = unnoticed.length === 0 ? 0 : 1
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function copyOfProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'backline-faults-'))
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function isNoticed(copy: string, { id, file, line, fault, test }: Fault): boolean {
  const path = join(copy, file)
  const sound = readFileSync(path, 'utf8')
  if (sound.split(line).length !== 2) throw new Error(`${id}: ${file} must contain its line once`)
  writeFileSync(
    path,
    sound.replace(line, () => fault),
  )
  const run = spawnSync(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--project',
      'unit',
      relative(copy, join(copy, test)),
      '-t',
      `^(.* )?${id} `,
    ],
    { cwd: copy, encoding: 'utf8' },
  )
  writeFileSync(path, sound)
  // Exit code 1 with a failed test; a file that does not even load proves nothing.
  const isRed = run.status === 1 && /Tests\s.*failed/.test(stripVTControlCharacters(run.stdout))
  console.log(`${isRed ? 'noticed  ' : 'UNNOTICED'} ${id}`)
  if (!isRed) console.error(run.stdout.slice(-3_000), run.stderr.slice(-2_000))
  return isRed
}

main()
