import { writeFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/**
 * Tells what failed in tests that passed only when they were run again, and leaves the run's counts in TEST_SUMMARY_FILE, for the one
 * plain line that `npm test` ends with. A file that cannot even be loaded, and an error outside any test, count as a failure each.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    for (const test of tests) if (test.diagnostic()?.flaky === true) console.log(failuresBefore(test))
    const file = process.env.TEST_SUMMARY_FILE
    if (file === undefined) return
    const stateCount = (state: string) => tests.filter((test) => test.result().state === state).length
    const broken = modules.reduce((sum, module) => sum + module.errors().length, 0)
    writeFileSync(
      file,
      JSON.stringify({ passed: stateCount('passed'), failed: stateCount('failed') + broken + errors.length }),
    )
  }
}

function failuresBefore(test: TestCase): string {
  const name = `${test.module.relativeModuleId} > ${test.fullName}`
  const causes = (test.result().errors ?? []).map((error) => error.stack ?? error.message)
  const lines = causes.flatMap((cause) => cause.split('\n')).filter((line) => !line.includes('/node_modules/'))
  return [`PASSED ONLY WHEN RUN AGAIN: ${name}`, ...lines].join('\n  ')
}
