import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import { parseArgs } from 'node:util'
import type { ImportProgress, ImportReport } from '../customers/import/import.ts'
import type { LineProblem } from '../customers/import/import-runs.ts'
import type { MigrationStatus } from '../customers/import/migration-status.ts'
import type { WrappingProgress } from '../customers/import/wrap-fast-hashes.ts'
import { codeOf } from '../thrown.ts'
import { type AdminClient, AdminError, createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { duration, printJson, printTable } from './command/print.ts'
import { changeCustomer, findCustomers, showCustomer } from './customer-records.ts'

const HELP = `Usage: vestibule customers ACTION [--json]

  find TEXT                  customers by a part of e-mail address, reference or name
  show CUSTOMER              one customer, by reference or id
  block | unblock CUSTOMER   a blocked customer is signed out and does not get in
  confirm CUSTOMER           vouch for the e-mail address
  import FILE                read customers, one JSON object a line; "-" reads standard input
      --dry-run              check every line and store nothing
      --resume               go on after the last line an interrupted import dealt with
      --no-wrap              leave fast hashes bare; "wrap", another import or a restart of the server wraps them
  export-all [--hashes]      every customer in the import format
  export REFERENCE           everything held about one person
  erase REFERENCE            forget a person: anonymise, sign out, keep the skeleton
  sign-in-link REFERENCE     a link that signs a customer in, once, within two minutes
  registration-key REFERENCE a key that confirms the e-mail address, once, within 30 days
  sign-out REFERENCE_OR_ID   end every session and token of a customer
  migration                  which password schemes are still in use, and how imports went
  wrap                       put bare fast hashes inside argon2id; it goes on when this command is stopped

Example: npx vestibule customers import customers.ndjson --dry-run`

/** Customers: moving them in and out. */
export const customers: Command = {
  name: 'customers',
  summary: 'find, block, import, export and erase customers',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        resume: { type: 'boolean', default: false },
        'no-wrap': { type: 'boolean', default: false },
        hashes: { type: 'boolean', default: false },
      },
    })
    const [action = '', subject = ''] = positionals
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (!act || (!WHOLE.includes(action) && !subject)) {
      console.error(HELP)
      return 2
    }
    return act({
      admin: createAdminClient(environment),
      subject,
      isJson: values.json,
      isDryRun: values['dry-run'],
      isResumed: values.resume,
      wraps: !values['dry-run'] && !values['no-wrap'],
      hasHashes: values.hashes,
    })
  },
}

type Request = {
  admin: AdminClient
  subject: string
  isJson: boolean
  isDryRun: boolean
  isResumed: boolean
  wraps: boolean
  hasHashes: boolean
}
type WrapLine = { progress?: WrappingProgress; report?: { wrapped: number; outcome: string }; error?: string }
type ImportLine = { progress?: ImportProgress; problem?: LineProblem; report?: ImportReport; error?: string }

/** What is done to no one customer. */
const WHOLE: readonly string[] = ['export-all', 'migration', 'wrap']

const ACTIONS: Readonly<Record<string, (request: Request) => Promise<number>>> = {
  find: findCustomers,
  show: showCustomer,
  block: changeCustomer('block'),
  unblock: changeCustomer('unblock'),
  confirm: changeCustomer('confirm'),
  import: importFile,
  async 'export-all'({ admin, hasHashes }) {
    for await (const line of admin.lines('GET', `/v1/customers/export?hashes=${hasHashes}`)) console.log(line)
    return 0
  },
  async export({ admin, subject }) {
    printJson(await admin.call('GET', `/v1/customers/${encodeURIComponent(subject)}/personal-data`))
    return 0
  },
  async erase({ admin, subject, isJson }) {
    const erased = await admin.call('POST', `/v1/customers/${encodeURIComponent(subject)}/erase`, {})
    if (isJson) printJson(erased)
    else console.log(`${subject} is erased and signed out everywhere`)
    return 0
  },
  async 'sign-out'({ admin, subject, isJson }) {
    const outcome = await admin.call('POST', '/v1/sign-outs', { of: 'customer', id: subject })
    if (isJson) printJson(outcome)
    else console.log(`${subject} is signed out everywhere`)
    return 0
  },
  async 'sign-in-link'({ admin, subject, isJson }) {
    const link = await admin.call<{ url: string }>('POST', '/v1/sign-in-links', { customerReference: subject })
    if (isJson) printJson(link)
    else console.log(link.url)
    return 0
  },
  async 'registration-key'({ admin, subject, isJson }) {
    const body = { customerReference: subject }
    const made = await admin.call<{ registrationKey: string }>('POST', '/v1/registration-keys', body)
    if (isJson) printJson(made)
    else console.log(made.registrationKey)
    return 0
  },
  async migration({ admin, isJson }) {
    const status = await admin.call<MigrationStatus>('GET', '/v1/customers/migration')
    if (isJson) printJson(status)
    else printMigration(status)
    return 0
  },
  wrap: wrapHashes,
}

async function importFile(request: Request): Promise<number> {
  const { admin, subject, isJson, isDryRun, isResumed, wraps } = request
  const isStandardInput = subject === '-'
  const query = new URLSearchParams({
    name: isStandardInput ? 'standard input' : basename(subject),
    dryRun: String(isDryRun),
    resume: String(isResumed),
    wrap: String(wraps),
    ...(!isStandardInput && { totalBytes: String(sizeOf(subject)) }),
  })
  const source = isStandardInput ? process.stdin : createReadStream(subject)
  let report: ImportReport | undefined
  for await (const text of admin.lines(
    'POST',
    `/v1/customers/import?${query}`,
    Readable.toWeb(source) as ReadableStream, // Node's own web streams have another type
  )) {
    const line = JSON.parse(text) as ImportLine // the lines of the admin API's import
    if (line.error) throw new AdminError(line.error)
    report = line.report ?? report
    if (isJson) console.log(text)
    else printImportLine(line)
  }
  if (!isJson && report) printReport(report, isDryRun)
  if (wraps) await wrapHashes(request)
  return report?.outcome === 'finished' && report.refused === 0 ? 0 : 1
}

async function wrapHashes({ admin, isJson }: Request): Promise<number> {
  for await (const text of admin.lines('POST', '/v1/customers/wrap')) {
    const { progress, report, error } = JSON.parse(text) as WrapLine // the lines of the admin API's wrapping
    if (error) throw new AdminError(error)
    if (isJson) console.log(JSON.stringify({ wrapping: progress ?? report }))
    else if (progress) console.error(`wrapping: ${wrappingOf(progress)}`)
    else if (report && report.wrapped > 0) console.log(`${report.wrapped} fast hashes are inside argon2id now`)
  }
  return 0
}

function wrappingOf({ wrapped, remaining, rowsPerSecond, remainingSeconds }: WrappingProgress): string {
  const rate = `${Math.round(rowsPerSecond)} a second, about ${duration(remainingSeconds)} left`
  return `${wrapped} done, ${remaining} to look at, ${rate}`
}

function sizeOf(path: string): number {
  try {
    return Math.max(1, statSync(path).size)
  } catch (error) {
    throw new AdminError(`${path} cannot be read (${codeOf(error)}). Check the name and try again.`)
  }
}

function printImportLine({ progress, problem }: ImportLine): void {
  if (problem) console.error(`line ${problem.line}: ${problem.reason}`)
  if (!progress) return
  const left = progress.remainingSeconds === undefined ? '' : `, about ${duration(progress.remainingSeconds)} left`
  console.error(`${progress.line} lines, ${Math.round(progress.linesPerSecond)} a second${left}`)
}

function printReport({ created, updated, refused, elapsedSeconds, outcome }: ImportReport, isDryRun: boolean): void {
  const verb = isDryRun ? 'checked' : outcome
  console.log(`${verb}: ${created} new, ${updated} known, ${refused} refused, in ${elapsedSeconds.toFixed(1)} s`)
  if (outcome === 'stopped') console.log('Run it again with --resume to go on.')
}

function printMigration({ customers: all, stragglers, schemes, wrapping, imports }: MigrationStatus): void {
  console.log(`${all} customers, ${stragglers} not yet under the current scheme\n`)
  printTable(
    ['SCHEME', 'CUSTOMERS', 'STATE'],
    schemes.map(({ scheme, customers: count, state }) => [scheme, String(count), state]),
  )
  if (wrapping) console.log(`\nwrapping fast hashes: ${wrappingOf(wrapping)}`)
  for (const { name, created, updated, refused, problems } of imports) {
    console.log(`\n${name}: ${created} new, ${updated} known, ${refused} refused`)
    for (const { line, reason } of problems) console.log(`  line ${line}: ${reason}`)
  }
}
