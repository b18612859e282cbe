import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Knex } from 'knex'
import { HashingBusyError, type Passwords } from '../../credentials/passwords.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'

export type WrappingProgress = {
  readonly wrapped: number
  /** Rows of fast schemes that are still to be looked at. */
  readonly remaining: number
  readonly rowsPerSecond: number
  readonly remainingSeconds: number
}

export type WrappingOptions = {
  readonly onProgress?: (progress: WrappingProgress) => void
  readonly signal?: AbortSignal
}

export type WrappingDeps = {
  readonly knex: Knex
  readonly passwords: Pick<Passwords, 'wrap' | 'needsWrapping' | 'fastSchemes'>
}

type Row = { readonly id: string; readonly scheme: string; readonly hash: string; readonly salt: string | null }
type WrappedRow = Row & { readonly next: StoredPassword }
/** Rows of one scheme, by id: those after `after`, up to and with `upTo`. */
type Stretch = { readonly scheme: string; readonly after?: string; readonly upTo?: string }

const BATCH = 200
const BUSY_PAUSE_MS = 1000

/**
 * Puts every bare fast hash inside argon2id, one at a time in the background, so that logins go on meanwhile.
 * Can stop and start anywhere, on several nodes at once: each begins somewhere else, and a row that changed since it was
 * read is left alone.
 */
export async function wrapFastHashes(
  { knex, passwords }: WrappingDeps,
  { onProgress, signal }: WrappingOptions = {},
): Promise<{ readonly wrapped: number; readonly outcome: 'finished' | 'stopped' }> {
  const startedAtMs = performance.now()
  let remaining = await countRows(knex, passwords.fastSchemes)
  let wrapped = 0
  let seen = 0
  if (remaining === 0) return { wrapped, outcome: 'finished' }

  for await (const rows of batches(knex, passwords.fastSchemes)) {
    const next = await wrapRows(passwords, rows, signal)
    wrapped += await store(knex, next)
    if (signal?.aborted) return { wrapped, outcome: 'stopped' }
    seen += rows.length
    remaining = Math.max(0, remaining - rows.length)
    const rowsPerSecond = seen / ((performance.now() - startedAtMs) / 1000)
    onProgress?.({ wrapped, remaining, rowsPerSecond, remainingSeconds: remaining / rowsPerSecond })
  }
  return { wrapped, outcome: 'finished' }
}

async function* batches(knex: Knex, schemes: readonly string[]): AsyncGenerator<Row[]> {
  const start = randomUUID()
  for (const scheme of schemes) {
    yield* batchesOf(knex, { scheme, after: start })
    yield* batchesOf(knex, { scheme, upTo: start })
  }
}

async function* batchesOf(knex: Knex, stretch: Stretch): AsyncGenerator<Row[]> {
  let after = stretch.after
  for (;;) {
    const rows = await nextRows(knex, { ...stretch, ...(after !== undefined && { after }) })
    if (rows.length > 0) yield rows
    if (rows.length < BATCH) return
    after = rows.at(-1)?.id
  }
}

async function wrapRows(
  passwords: WrappingDeps['passwords'],
  rows: readonly Row[],
  signal: AbortSignal | undefined,
): Promise<WrappedRow[]> {
  const wrapped: WrappedRow[] = []
  for (const row of rows) {
    if (signal?.aborted) break
    const next = await wrapRow(passwords, row)
    if (next) wrapped.push({ ...row, next })
  }
  return wrapped
}

async function wrapRow(
  passwords: WrappingDeps['passwords'],
  { scheme, hash, salt }: Row,
): Promise<StoredPassword | undefined> {
  const stored = { scheme, hash, ...(salt !== null && { salt }) }
  if (!passwords.needsWrapping(stored)) return undefined
  for (;;) {
    try {
      return await passwords.wrap(stored)
    } catch (error) {
      if (!(error instanceof HashingBusyError)) throw error
      await setTimeout(BUSY_PAUSE_MS)
    }
  }
}

async function countRows(knex: Knex, schemes: readonly string[]): Promise<number> {
  const row = await knex('customers')
    .whereIn('password_scheme', schemes)
    .count<{ count: string }[]>('* as count')
    .first()
  return Number(row?.count ?? 0)
}

function nextRows(knex: Knex, { scheme, after, upTo }: Stretch): Promise<Row[]> {
  const query = knex('customers')
    .select({ id: 'id', scheme: 'password_scheme', hash: 'password_hash', salt: 'password_salt' })
    .where({ password_scheme: scheme })
    .orderBy('id')
    .limit(BATCH)
  if (after !== undefined) query.where('id', '>', after)
  if (upTo !== undefined) query.where('id', '<=', upTo)
  return query
}

async function store(knex: Knex, rows: readonly WrappedRow[]): Promise<number> {
  if (rows.length === 0) return 0
  const { rows: updated } = await knex.raw<{ rows: unknown[] }>(UPDATE, [
    JSON.stringify(
      rows.map(({ id, scheme, hash, next }) => ({
        id,
        scheme,
        hash,
        next_scheme: next.scheme,
        next_hash: next.hash,
        next_salt: next.salt,
      })),
    ),
  ])
  return updated.length
}

const UPDATE = `
  update customers c
  set password_scheme = r.next_scheme, password_hash = r.next_hash, password_salt = r.next_salt, updated_at = now()
  from json_to_recordset(?::json) as r (id uuid, scheme text, hash text, next_scheme text, next_hash text, next_salt text)
  where c.id = r.id and c.password_scheme = r.scheme and c.password_hash = r.hash
  returning c.id`
