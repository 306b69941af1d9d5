import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/**
 * Leaves the run's counts in TEST_SUMMARY_FILE, for the one plain line that `npm test` ends with. A file that cannot even be loaded,
 * and an error outside any test, count as a failure each.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const file = process.env.TEST_SUMMARY_FILE
    if (file === undefined) return
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const stateCount = (state: string) => tests.filter((test) => test.result().state === state).length
    const broken = modules.reduce((sum, module) => sum + module.errors().length, 0)
    writeFileSync(
      file,
      JSON.stringify({ passed: stateCount('passed'), failed: stateCount('failed') + broken + errors.length }),
    )
  }
}
