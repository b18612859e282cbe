import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runDirectory } from './run-directory.ts'

/** A row of the table in docs/failure-modes.md. */
export type FailureRow = { readonly failure: string; readonly meanwhile: string; readonly kept: string }

/** What a test measured of one failure. */
export type Measured = {
  readonly failure: string
  /** The slowest refusal, and how long after the end of the failure everything worked again; milliseconds. */
  readonly slowestMs?: number
  readonly backMs?: number
  readonly isKept: boolean
}

const PAGE = fileURLToPath(new URL('../../docs/failure-modes.md', import.meta.url))
const FILE = 'failures.ndjson'
const HEAD = ['Failure', 'Meanwhile', 'Slowest refusal', 'Back after', 'What is kept']

/** The failures that the page describes, in its order. */
export function documentedFailures(page = readFileSync(PAGE, 'utf8')): FailureRow[] {
  const lines = page.split('\n')
  const start = lines.findIndex((line) => line.startsWith(`| ${HEAD[0]} | ${HEAD[1]} |`))
  const rows = lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end).map((line) => {
    const [failure = '', meanwhile = '', , , kept = ''] = line.slice(1, -1).split('|').map(trim)
    return { failure, meanwhile, kept }
  })
}

/** Notes what a test measured, for the table at the end of the run. */
export function noteMeasured(measured: Measured): void {
  appendFileSync(join(runDirectory() as string, FILE), `${JSON.stringify(measured)}\n`)
}

/** What all test files of the run in `directory` measured. */
export function readMeasured(directory: string): Measured[] {
  const path = join(directory, FILE)
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Measured)
}

/** The table of the page with the times of this run: a broken promise, and what did not run, is said in its row. */
export function failureTable(rows: readonly FailureRow[], measured: readonly Measured[]): string[] {
  const cells = rows.map(({ failure, meanwhile, kept }) => {
    const found = measured.find((each) => each.failure === failure)
    const verdict = found ? (found.isKept ? kept : 'BROKEN: see the failed test') : 'not run'
    return [failure, meanwhile, milliseconds(found?.slowestMs), milliseconds(found?.backMs), verdict]
  })
  const all = [HEAD, ...cells]
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [line(HEAD), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...cells.map(line)]
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`
}

function trim(cell: string): string {
  return cell.trim()
}
