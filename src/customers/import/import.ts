import type { Knex } from 'knex'
import type { Passwords } from '../../credentials/passwords.ts'
import { codeOf } from '../../thrown.ts'
import type { EmailChange } from '../email-change-rows.ts'
import type { TakenAway } from '../taken-away.ts'
import { createDryRun } from './dry-run.ts'
import { type Batch, importBatches, type NumberedRecord } from './import-batches.ts'
import { type ImportLine, importLines } from './import-lines.ts'
import type { ImportRecord } from './import-record.ts'
import { createImportRuns, type ImportCounts, type LineProblem, NO_RUNS } from './import-runs.ts'
import { upsertCustomers, type WriteOutcome } from './write-customers.ts'
import { createWrittenRows } from './written-rows.ts'

export type ImportProgress = ImportCounts & {
  readonly line: number
  readonly linesPerSecond: number
  /** Missing while `totalBytes` is not known. */
  readonly remainingSeconds?: number
}

export type ImportOptions = {
  /** What an interrupted import is found again by: the name of the file. */
  readonly name: string
  /** Goes on after the last line an interrupted import of this name dealt with. */
  readonly resume?: boolean
  /** Checks everything and stores nothing. */
  readonly dryRun?: boolean
  /** The size of the file, for the remaining time. */
  readonly totalBytes?: number
  readonly batchSize?: number
  readonly onProgress?: (progress: ImportProgress) => void
  /** Told of each refused line, with the line as it was given where it could be read; an import that goes on tells again. */
  readonly onProblem?: (problem: LineProblem, text: string | undefined) => void
  /** Stops after the batch in hand; a later run can resume. */
  readonly signal?: AbortSignal
}

export type ImportReport = ImportCounts & {
  readonly line: number
  readonly elapsedSeconds: number
  readonly outcome: 'finished' | 'stopped'
}

export type ImportDeps = {
  readonly knex: Knex
  readonly passwords: Pick<Passwords, 'problem'>
  /** Ends what was granted to those whom a batch blocks. */
  readonly endTakenAway?: (takenAway: TakenAway) => Promise<void>
  /** Ends the sign-ins of a customer whose password, e-mail address or status the import changed. */
  readonly signOut?: (customerId: string) => Promise<void>
  /** Told of each address that the import replaced, with what undoes it. */
  readonly onMoved?: (change: EmailChange) => void
}

/** What is announced together is written together. */
const SIGNED_OUT_AT_ONCE = 100

/**
 * Reads customers, one JSON object a line, and stores them batch by batch. Good lines land, bad ones are told with
 * their number; running it again changes nothing. Wrap fast hashes with `wrapFastHashes` afterwards.
 */
export async function importCustomers(
  { knex, passwords, endTakenAway, signOut = async () => {}, onMoved = () => {} }: ImportDeps,
  source: AsyncIterable<Buffer | string>,
  options: ImportOptions,
): Promise<ImportReport> {
  const { name, resume = false, dryRun = false, batchSize = 1000, onProblem, onProgress, signal } = options
  const runs = dryRun ? NO_RUNS : createImportRuns(knex)
  const written = createWrittenRows()
  const takenAway: TakenAway[] = []
  const onTakenAway = (taken: TakenAway) => void takenAway.push(taken)
  const write: Write = dryRun
    ? createDryRun()
    : (to, records) => upsertCustomers(to, records, { written, onTakenAway, origin: 'import' })
  const begun = await runs.begin(name, resume)
  const progress = createProgress(begun.line, options.totalBytes)
  let run = begun

  const tell = (problems: readonly LineProblem[], { texts }: Batch) => {
    for (const problem of problems) onProblem?.(problem, texts.get(problem.line))
  }
  const reading = { size: batchSize, afterLine: begun.line, passwordProblem: passwords.problem }

  for await (const batch of oneAhead(importBatches(importLines(source), reading))) {
    if (batch.isPast) {
      tell(await runs.problems(run.id, batch.first, batch.last.number), batch)
      continue
    }
    const outcomes = await writeAll(knex, write, batch.records)
    const ended = takenAway.splice(0)
    for (const taken of ended) await endTakenAway?.(taken)
    const blocked = new Set(ended.flatMap(({ customers }) => customers))
    const updated = outcomes.flatMap(({ outcome }) => (outcome.outcome === 'updated' ? [outcome] : []))
    const signedOut = updated.filter(({ id, hasNewCredentials }) => hasNewCredentials && !blocked.has(id))
    for (let start = 0; start < signedOut.length; start += SIGNED_OUT_AT_ONCE)
      await Promise.all(signedOut.slice(start, start + SIGNED_OUT_AT_ONCE).map(({ id }) => signOut(id)))
    for (const { moved } of updated) if (moved) onMoved(moved)
    const problems = [...batch.problems, ...outcomes.flatMap(problemOf)].sort((a, b) => a.line - b.line)
    run = { id: run.id, line: batch.last.number, counts: add(run.counts, outcomes, problems.length) }
    await runs.save(run, problems)
    tell(problems, batch)
    onProgress?.({ line: run.line, ...run.counts, ...progress.at(batch.last) })
    if (signal?.aborted) return { ...run.counts, line: run.line, ...progress.elapsed(), outcome: 'stopped' }
  }
  await runs.finish(run.id)
  return { ...run.counts, line: run.line, ...progress.elapsed(), outcome: 'finished' }
}

/** Has the next batch read and checked while the database stores the one in hand. */
async function* oneAhead<T>(items: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    let coming = items.next()
    for (;;) {
      const { done, value } = await coming
      if (done) return
      coming = items.next()
      // A reader that stops early never sees what was read ahead; a failure of that is ignored.
      coming.catch(() => {})
      yield value
    }
  } finally {
    await items.return(undefined)
  }
}

type Write = (knex: Knex, records: readonly ImportRecord[]) => Promise<WriteOutcome[]>
type Written = NumberedRecord & { readonly outcome: WriteOutcome }

/** Stores a batch; when the database refuses it as a whole, halves it until the lines at fault are alone. */
async function writeAll(knex: Knex, write: Write, numbered: readonly NumberedRecord[]): Promise<Written[]> {
  try {
    const outcomes = await write(
      knex,
      numbered.map(({ record }) => record),
    )
    // One outcome for each record, in their order.
    return numbered.flatMap((item, index) => ({ ...item, outcome: outcomes[index] as WriteOutcome }))
  } catch (error) {
    if (!isRefusedByDatabase(error)) throw error
    const [only] = numbered
    if (numbered.length <= 1 || !only) {
      return only
        ? [{ ...only, outcome: { outcome: 'refused', reason: `the database refused it (${error.code})` } }]
        : []
    }
    const middle = Math.ceil(numbered.length / 2)
    return [
      ...(await writeAll(knex, write, numbered.slice(0, middle))),
      ...(await writeAll(knex, write, numbered.slice(middle))),
    ]
  }
}

/** Class 22 and 23 of SQLSTATE: values and constraints. Anything else is no fault of a line. */
function isRefusedByDatabase(error: unknown): error is Error & { code: string } {
  return /^2[23]/.test(codeOf(error) ?? '')
}

function problemOf({ line, record, outcome }: Written): LineProblem[] {
  if (outcome.outcome !== 'refused') return []
  return [{ line, customerReference: record.customerReference, reason: outcome.reason }]
}

function add(counts: ImportCounts, written: readonly Written[], refused: number): ImportCounts {
  const count = (outcome: WriteOutcome['outcome']) => written.filter((item) => item.outcome.outcome === outcome).length
  return {
    created: counts.created + count('created'),
    updated: counts.updated + count('updated'),
    unchanged: counts.unchanged + count('unchanged'),
    refused: counts.refused + refused,
  }
}

function createProgress(fromLine: number, totalBytes: number | undefined) {
  const startedAtMs = performance.now()
  const elapsed = () => ({ elapsedSeconds: (performance.now() - startedAtMs) / 1000 })
  return {
    elapsed,
    at({ number, endsAtByte }: ImportLine) {
      const { elapsedSeconds } = elapsed()
      const linesPerSecond = (number - fromLine) / elapsedSeconds
      if (totalBytes === undefined) return { linesPerSecond }
      const remainingLines = Math.max(0, number * (totalBytes / endsAtByte - 1))
      return { linesPerSecond, remainingSeconds: remainingLines / linesPerSecond }
    },
  }
}
