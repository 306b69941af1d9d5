import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the parts of a stack say, each line with its moment, where every process of a test run can read it. */
export type PartLog = AsyncDisposable & {
  file: string
  /** Takes down what this part says. */
  lineOf(part: string): (line: string) => void
}

/** Opens an empty log; disposing removes its file. */
export function openPartLog(): PartLog {
  // The name is one that the next run clears away where this one was killed (cluster.ts).
  const file = join(tmpdir(), `backline-test-${process.pid}-${randomBytes(4).toString('hex')}.log`)
  writeFileSync(file, '')
  let isOpen = true
  return {
    file,
    lineOf: (part) => (line) => {
      // A part that was killed may still be heard.
      if (isOpen) appendFileSync(file, `${new Date().toISOString()} ${part} | ${line}\n`)
    },
    async [Symbol.asyncDispose]() {
      isOpen = false
      rmSync(file, { force: true })
    },
  }
}

/** The lines written since a moment, the latest `countMax` of them. */
export function linesSince(file: string, since: Date, countMax: number): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  // Moments of this form sort like texts.
  return lines.filter((line) => line >= since.toISOString()).slice(-countMax)
}
