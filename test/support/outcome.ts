import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type Backend, backends, whyMissing } from './binaries.ts'

/** What one run of vitest came to. */
export type Outcome = {
  readonly passed: number
  /** Tests that failed, files that did not load, and the run itself when it broke. */
  readonly failed: number
  readonly skipped: number
  /** How many tests ran with nothing installed but Node. */
  readonly ranOnNode: number
  /** How many tests ran on each backend, failed ones included. */
  readonly ranOn: Readonly<Partial<Record<Backend, number>>>
  /** What went wrong outside of any test. */
  readonly troubles: readonly string[]
  /** The files that took longest, hooks included, the slowest first. */
  readonly slowest: readonly FileTime[]
}

type FileTime = { readonly name: string; readonly ms: number }

const SLOWEST = 10

type Report = {
  readonly testResults: readonly {
    readonly name: string
    readonly status: 'passed' | 'failed'
    readonly message: string
    /** From the first hook to the last. */
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string; readonly tags: readonly string[] }[]
  }[]
}

/** Reads vitest's JSON report. No report, no tests, or an exit code that no failing test explains count as failed. */
export function readOutcome(reportPath: string, exitCode: number | null): Outcome {
  try {
    return outcomeOf(JSON.parse(readFileSync(reportPath, 'utf8')) as Report, exitCode)
  } catch (error) {
    const trouble = `vitest ended with code ${exitCode} and left no report (${(error as Error).message})`
    return brokenRun(trouble)
  }
}

/** The outcome of a run that never came to its tests. */
export function brokenRun(trouble: string): Outcome {
  return { passed: 0, failed: 1, skipped: 0, ranOnNode: 0, ranOn: {}, troubles: [trouble], slowest: [] }
}

/** The outcome of a run that got as far as writing its report. */
export function outcomeOf(report: Report, exitCode: number | null): Outcome {
  const tests = report.testResults.flatMap((file) => file.assertionResults)
  const having = (...statuses: string[]) => tests.filter((test) => statuses.includes(test.status))
  const passed = having('passed').length
  const failedTests = having('failed').length

  const troubles = report.testResults
    .filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
    .map((file) => `${file.name} failed outside of a test: ${file.message || 'see above'}`)
  if (passed + failedTests === 0 && troubles.length === 0) troubles.push('no test ran')
  if (exitCode !== 0 && failedTests + troubles.length === 0) {
    troubles.push(`vitest ended with code ${exitCode} although no test failed: see the errors above`)
  }

  const ran = having('passed', 'failed')
  const ranOn = Object.fromEntries(
    Object.keys(backends)
      .map((backend) => [backend, ran.filter(({ tags }) => tags.includes(backend)).length] as const)
      .filter(([, count]) => count > 0),
  )
  return {
    passed,
    failed: failedTests + troubles.length,
    skipped: tests.length - passed - failedTests,
    ranOnNode: ran.filter(({ tags }) => !Object.keys(backends).some((backend) => tags.includes(backend))).length,
    ranOn,
    troubles,
    slowest: slowestOf(report),
  }
}

function slowestOf({ testResults }: Report): FileTime[] {
  const times = testResults.map(({ name, startTime, endTime }) => ({ name, ms: endTime - startTime }))
  return times.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST)
}

/** The last lines of `npm test`: what took longest, what ran where, what could not run and why, and the count. */
export function summarise(outcome: Outcome, environment: Readonly<Record<string, string | undefined>>): string[] {
  const lines = (Object.keys(backends) as Backend[]).map((backend) => {
    const instead = whyMissing(backend) ?? 'no test asked for it'
    return `${backends[backend].title}: ${said(outcome.ranOn[backend], instead)}`
  })
  const chaos = environment.CHAOS === '1' ? 'included' : 'not run: set CHAOS=1 to include them'
  const skipped = outcome.skipped > 0 ? `, ${outcome.skipped} skipped` : ''
  return [
    ...outcome.troubles,
    ...outcome.slowest.map(
      ({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${relative(process.cwd(), name)}`,
    ),
    `Node alone, ${databaseByDefault(environment)}: ${said(outcome.ranOnNode, 'no test asked for it')}`,
    ...lines,
    `chaos tests: ${chaos}`,
    `${outcome.passed} passed, ${outcome.failed} failed${skipped}`,
  ]
}

/** What tests get that start a server and name no database. */
function databaseByDefault(environment: Readonly<Record<string, string | undefined>>): string {
  const isEmbedded = environment.TEST_DATABASE === 'embedded' || whyMissing('postgres') !== undefined
  return isEmbedded ? 'memory and embedded PGlite' : 'with Postgres for servers that name no database'
}

function said(count: number | undefined, instead: string): string {
  return count ? `ran (${count} ${count === 1 ? 'test' : 'tests'})` : `not run: ${instead}`
}
