import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { ImportProgress, ImportReport } from '../../customers/import/import.ts'
import type { ImportCounts, LineProblem } from '../../customers/import/import-runs.ts'
import type { MigrationStatus } from '../../customers/import/migration-status.ts'
import type { WrappingProgress } from '../../customers/import/wrap-fast-hashes.ts'
import { plain } from '../../plain-text.ts'
import { codeOf } from '../../thrown.ts'
import type { Action, ActionRequest } from '../command/action.ts'
import { AdminError } from '../command/admin-client.ts'
import { duration, printJson, printTable } from '../command/print.ts'
import { openRefusedLines } from '../refused-lines.ts'

type WrapLine = { progress?: WrappingProgress; report?: { wrapped: number; outcome: string }; error?: string }
type ImportLine = {
  progress?: ImportProgress
  problem?: LineProblem
  text?: string
  report?: ImportReport
  error?: string
}

/** Moving customers in and out, and their password hashes under the current scheme. */
export const CUSTOMER_MOVES: Readonly<Record<string, Action>> = {
  import: {
    takes: 'FILE',
    does: 'import customers, one JSON object per line; "-" reads standard input',
    options: { refused: 'a new file for the refused lines, to correct them and to import them again' },
    flags: {
      'dry-run': 'check every line and store nothing',
      resume: 'continue an interrupted import after its last line',
      'no-wrap': 'do not wrap fast hashes now; "wrap", another import or a restart of the server does',
    },
    example: 'import customers.ndjson --dry-run --refused refused.ndjson',
    run: importFile,
  },
  'export-all': {
    does: 'export all customers in the import format',
    flags: { hashes: 'with their password hashes' },
    example: 'export-all --hashes',
    async run({ admin, flags }) {
      const path = `/v1/customers/export?hashes=${flags.has('hashes')}`
      for await (const line of admin.lines('GET', path)) console.log(plain(line))
    },
  },
  migration: {
    does: 'show the password schemes in use, and the results of imports',
    example: 'migration',
    async run({ admin, isJson }) {
      const status = await admin.call<MigrationStatus>('GET', '/v1/customers/migration')
      if (isJson) printJson(status)
      else printMigration(status)
    },
  },
  wrap: {
    does: 'wrap fast hashes in argon2id; the server continues when this command is stopped',
    example: 'wrap',
    run: wrapHashes,
  },
}

async function importFile(request: ActionRequest): Promise<number> {
  const {
    admin,
    subjects: [file = ''],
    values: { refused: refusedFile },
    flags,
    isJson,
  } = request
  const isDryRun = flags.has('dry-run')
  const wraps = !isDryRun && !flags.has('no-wrap')
  const isStandardInput = file === '-'
  const query = new URLSearchParams({
    name: isStandardInput ? 'standard input' : basename(file),
    dryRun: String(isDryRun),
    resume: String(flags.has('resume')),
    wrap: String(wraps),
    refusedLines: String(refusedFile !== undefined),
    ...(!isStandardInput && { totalBytes: String(sizeOf(file)) }),
  })
  const source = isStandardInput ? process.stdin : createReadStream(file)
  const refused =
    refusedFile === undefined ? undefined : openRefusedLines(refusedFile, { of: file, isResumed: flags.has('resume') })
  let report: ImportReport | undefined
  for await (const text of admin.lines(
    'POST',
    `/v1/customers/import?${query}`,
    Readable.toWeb(source) as ReadableStream, // the types of Node know two of them
  )) {
    const { text: refusedLine, ...line } = JSON.parse(text) as ImportLine // by the admin API's own schema
    if (line.problem) refused?.add(refusedLine)
    if (line.error) throw new AdminError(line.error)
    report = line.report ?? report
    if (isJson) console.log(plain(JSON.stringify(line)))
    else printImportLine(line)
  }
  const kept = refused?.close()
  if (!isJson && report) printReport(report, isDryRun)
  if (!isJson && kept) console.log(kept)
  if (wraps) await wrapHashes(request)
  return report?.outcome === 'finished' && report.refused === 0 ? 0 : 1
}

async function wrapHashes({ admin, isJson }: ActionRequest): Promise<void> {
  for await (const text of admin.lines('POST', '/v1/customers/wrap')) {
    const { progress, report, error } = JSON.parse(text) as WrapLine // by the admin API's own schema
    if (error) throw new AdminError(error)
    if (isJson) console.log(JSON.stringify({ wrapping: progress ?? report }))
    else if (progress && progress.remaining > 0) console.error(`wrapping: ${wrappingOf(progress)}`)
    else if (report && report.wrapped > 0) console.log(wrappedText(report.wrapped))
  }
}

function wrappedText(wrapped: number): string {
  return `${wrapped} fast ${wrapped === 1 ? 'hash is' : 'hashes are'} wrapped in argon2id`
}

function wrappingOf({ wrapped, remaining, rowsPerSecond, remainingSeconds }: WrappingProgress): string {
  const rate = `${Math.round(rowsPerSecond)} a second, about ${duration(remainingSeconds)} left`
  return `${wrapped} done, ${remaining} to check, ${rate}`
}

function sizeOf(path: string): number {
  try {
    return Math.max(1, statSync(path).size)
  } catch (error) {
    throw new AdminError(`${path} cannot be read (${codeOf(error)}). Check the name and try again.`)
  }
}

function printImportLine({ progress, problem }: ImportLine): void {
  if (problem) console.error(problemText(problem))
  if (!progress) return
  const left = progress.remainingSeconds === undefined ? '' : `, about ${duration(progress.remainingSeconds)} left`
  console.error(
    `${progress.line} ${progress.line === 1 ? 'line' : 'lines'}, ${Math.round(progress.linesPerSecond)} a second${left}`,
  )
}

function problemText({ line, customerReference: reference, reason }: LineProblem): string {
  return plain(`line ${line}${reference === undefined ? '' : `, ${reference}`}: ${reason}`)
}

function countsText({ created, updated, unchanged, refused }: ImportCounts): string {
  return `${created} created, ${updated} updated, ${unchanged} unchanged, ${refused} refused`
}

function printReport(report: ImportReport, isDryRun: boolean): void {
  const { elapsedSeconds, outcome } = report
  const verb = isDryRun ? 'checked' : outcome
  console.log(`${verb}: ${countsText(report)}${blankText(report)}, in ${elapsedSeconds.toFixed(1)} s`)
  if (outcome === 'stopped') console.log('Run the command again with --resume to continue.')
}

/** Without them the numbers would not add up to the lines of the file. */
function blankText({ line, created, updated, unchanged, refused }: ImportReport): string {
  const blank = line - created - updated - unchanged - refused
  return blank === 0 ? '' : `, ${blank} blank`
}

function printMigration({ customers: all, stragglers, schemes, wrapping, imports }: MigrationStatus): void {
  console.log(`${all} customers, ${stragglers} with an older password scheme\n`)
  printTable(
    ['SCHEME', 'CUSTOMERS', 'STATE'],
    schemes.map(({ scheme, customers: count, state }) => [scheme, String(count), state]),
  )
  if (wrapping) console.log(`\nwrapping fast hashes: ${wrappingOf(wrapping)}`)
  for (const { name, problems, ...counts } of imports) {
    console.log(`\n${plain(name)}: ${countsText(counts)}`)
    for (const problem of problems) console.log(`  ${problemText(problem)}`)
  }
}
