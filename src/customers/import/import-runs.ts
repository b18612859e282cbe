import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'

export type ImportCounts = {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly refused: number
}

export const NO_COUNTS: ImportCounts = { created: 0, updated: 0, unchanged: 0, refused: 0 }

/** A line that was not stored, and why, in words for the person who made the file. */
export type LineProblem = { readonly line: number; readonly customerReference?: string; readonly reason: string }

/** An import as it is remembered, so that it can go on where it stopped. */
export type ImportRun = {
  readonly id: string
  /** The last line that is dealt with. */
  readonly line: number
  readonly counts: ImportCounts
}

export type ImportRuns = {
  /** The newest unfinished run of that name when `resume` is set, otherwise a new one. */
  begin(name: string, resume: boolean): Promise<ImportRun>
  save(run: ImportRun, problems: readonly LineProblem[]): Promise<void>
  /** The lines that the run refused, of those from `first` to `last`. */
  problems(id: string, first: number, last: number): Promise<LineProblem[]>
  finish(id: string): Promise<void>
}

/** A row of `customer_import_problems`. */
export type ProblemRow = { readonly line: number; readonly customer_reference: string | null; readonly reason: string }

export function toLineProblem({ line, customer_reference: reference, reason }: ProblemRow): LineProblem {
  return { line, reason, ...(reference !== null && { customerReference: reference }) }
}

/** The memory of imports, in the database they write to. */
export function createImportRuns(knex: Knex): ImportRuns {
  return {
    async begin(name, resume) {
      const unfinished = resume
        ? await knex('customer_imports').where({ name, finished_at: null }).orderBy('started_at', 'desc').first()
        : undefined
      if (unfinished) {
        // The columns that were selected.
        const { id, line, created, updated, unchanged, refused } = unfinished as ImportRun & ImportCounts
        return { id, line, counts: { created, updated, unchanged, refused } }
      }
      const id = randomUUID()
      await knex('customer_imports').insert({ id, name })
      return { id, line: 0, counts: NO_COUNTS }
    },
    async save({ id, line, counts }, problems) {
      await knex.transaction(async (transaction) => {
        await transaction('customer_imports')
          .where({ id })
          .update({ line, ...counts, updated_at: knex.fn.now() })
        if (problems.length === 0) return
        await transaction('customer_import_problems')
          .insert(
            problems.map((problem) => ({
              import_id: id,
              line: problem.line,
              customer_reference: problem.customerReference,
              reason: problem.reason,
            })),
          )
          .onConflict(['import_id', 'line'])
          .merge()
      })
    },
    async problems(id, first, last) {
      const rows = await knex('customer_import_problems')
        .where({ import_id: id })
        .whereBetween('line', [first, last])
        .orderBy('line')
        .select<ProblemRow[]>()
      return rows.map(toLineProblem)
    },
    async finish(id) {
      await knex('customer_imports').where({ id }).update({ finished_at: knex.fn.now(), updated_at: knex.fn.now() })
    },
  }
}

/** A run that leaves no trace. */
export const NO_RUNS: ImportRuns = {
  begin: async () => ({ id: '', line: 0, counts: NO_COUNTS }),
  save: async () => {},
  problems: async () => [],
  finish: async () => {},
}
