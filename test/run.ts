import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { whyCiCannotRun } from './support/binaries.ts'
import { documentedFailures, failureTable, type Measured, readMeasured } from './support/failure-table.ts'
import { brokenRun, type Outcome, readOutcome, summarise } from './support/outcome.ts'
import { closeRunDirectory, openRunDirectory } from './support/run-directory.ts'

/**
 * What `npm test` runs: vitest once, with further arguments handed on (`npm test -- test/keys`), then a summary
 * whose last line is "N passed, M failed".
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const refusal = whyCiCannotRun(process.env)
const { outcome, measured } = refusal
  ? { outcome: brokenRun(refusal), measured: [] }
  : await runVitest(process.argv.slice(2))

if (measured.length > 0) console.log(`\n${failureTable(documentedFailures(), measured).join('\n')}`)
console.log(`\n${summarise(outcome, process.env).join('\n')}`)
process.exitCode = outcome.failed > 0 ? 1 : 0

async function runVitest(args: readonly string[]): Promise<{ outcome: Outcome; measured: Measured[] }> {
  const directory = openRunDirectory()
  const report = join(directory, 'report.json')
  const program = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
  const isWholeRun = args.every((arg) => arg.startsWith('-'))
  const child = spawn(
    process.execPath,
    [program, 'run', '--configLoader=native', ...reporters, '--reporter=json', `--outputFile.json=${report}`, ...args],
    { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...(isWholeRun && { TEST_WHOLE_RUN: '1' }) } },
  )
  // Ctrl-C reaches the whole group: vitest ends first, then its leftovers are cleared away here.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  const read = { outcome: readOutcome(report, exitCode), measured: readMeasured(directory) }
  closeRunDirectory(directory)
  return read
}
