import type { Knex } from 'knex'
import { passwordOf } from '../../credentials/password-columns.ts'
import type { Passwords } from '../../credentials/passwords.ts'
import { type ImportCounts, type LineProblem, type ProblemRow, toLineProblem } from './import-runs.ts'
import type { WrappingProgress } from './wrap-fast-hashes.ts'

export type SchemeUse = {
  /** `none` for customers without a password here. */
  readonly scheme: string
  readonly customers: number
  /** `bare`: has fast hashes that wait to be wrapped; `legacy`: re-hashed at the next login. */
  readonly state: 'current' | 'bare' | 'wrapped' | 'legacy' | 'none'
}

export type ImportSummary = ImportCounts & {
  readonly name: string
  readonly line: number
  readonly startedAt: string
  readonly finishedAt?: string
  /** The first of them, with their reasons. */
  readonly problems: readonly LineProblem[]
}

export type MigrationStatus = {
  readonly customers: number
  /** Customers whose password is not under the current scheme yet. */
  readonly stragglers: number
  readonly schemes: readonly SchemeUse[]
  /** Missing unless the node that was asked is wrapping fast hashes right now. */
  readonly wrapping?: WrappingProgress
  readonly imports: readonly ImportSummary[]
}

type ImportRow = Omit<ImportSummary, 'startedAt' | 'finishedAt' | 'problems'> & {
  readonly id: string
  readonly started_at: Date
  readonly finished_at: Date | null
}

const NEWEST_IMPORTS = 5
const PROBLEMS_EACH = 20
const LOOKED_AT = 10_000
const PASSWORD_COLUMNS = ['password_scheme', 'password_hash', 'password_salt']

/** How far a shop has moved in: password schemes still in use, and what its newest imports left behind. */
export async function readMigrationStatus(deps: {
  readonly knex: Knex
  readonly passwords: Pick<Passwords, 'fastSchemes' | 'needsWrapping'>
  readonly wrapping?: WrappingProgress | undefined
}): Promise<MigrationStatus> {
  const { knex, wrapping } = deps
  const { rows } = await knex.raw<{ rows: { scheme: string | null; customers: number }[] }>(
    `select password_scheme as scheme, count(*)::integer as customers from customers
     where status <> 'anonymised' group by 1 order by 2 desc`,
  )
  const schemes = await Promise.all(
    rows.map(
      async ({ scheme, customers }): Promise<SchemeUse> => ({
        scheme: scheme ?? 'none',
        customers,
        state: await stateOf(deps, scheme),
      }),
    ),
  )
  const waiting = schemes.filter(({ state }) => state !== 'current' && state !== 'none')
  return {
    customers: sum(schemes),
    stragglers: sum(waiting),
    schemes,
    ...(wrapping && { wrapping }),
    imports: await newestImports(knex),
  }
}

/** References of customers whose password is still under `scheme`, a page at a time. */
export async function listStragglers(
  { knex }: { readonly knex: Knex },
  { scheme, after = '', limit = 100 }: { readonly scheme: string; readonly after?: string; readonly limit?: number },
): Promise<string[]> {
  const rows = await knex('customers')
    .where({ password_scheme: scheme })
    .where('customer_reference', '>', after)
    .orderBy('customer_reference')
    .limit(limit)
    .select<{ customer_reference: string }[]>('customer_reference')
  return rows.map((row) => row.customer_reference)
}

async function newestImports(knex: Knex): Promise<ImportSummary[]> {
  const imports = await knex('customer_imports')
    .orderBy('started_at', 'desc')
    .limit(NEWEST_IMPORTS)
    .select<ImportRow[]>()
  return Promise.all(
    imports.map(async (row) => ({
      name: row.name,
      line: row.line,
      created: row.created,
      updated: row.updated,
      unchanged: row.unchanged,
      refused: row.refused,
      startedAt: row.started_at.toISOString(),
      ...(row.finished_at && { finishedAt: row.finished_at.toISOString() }),
      problems: await problemsOf(knex, row.id),
    })),
  )
}

async function problemsOf(knex: Knex, importId: string): Promise<LineProblem[]> {
  const rows = await knex('customer_import_problems')
    .where({ import_id: importId })
    .orderBy('line')
    .limit(PROBLEMS_EACH)
    .select<ProblemRow[]>()
  return rows.map(toLineProblem)
}

async function stateOf(
  { knex, passwords }: Parameters<typeof readMigrationStatus>[0],
  scheme: string | null,
): Promise<SchemeUse['state']> {
  if (scheme === null) return 'none'
  if (scheme === 'argon2id') return 'current'
  if (scheme.startsWith('argon2id(')) return 'wrapped'
  if (!passwords.fastSchemes.includes(scheme)) return 'legacy'
  // The scheme of a shop may have fast and slow hashes; where many are slow, the rest are not looked at.
  const rows = await knex('customers').where({ password_scheme: scheme }).limit(LOOKED_AT).select(PASSWORD_COLUMNS)
  const isBare = rows.map(passwordOf).some(({ password }) => password && passwords.needsWrapping(password))
  return isBare || rows.length === LOOKED_AT ? 'bare' : 'legacy'
}

function sum(uses: readonly SchemeUse[]): number {
  return uses.reduce((total, { customers }) => total + customers, 0)
}
