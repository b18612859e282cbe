import { createHash, hash } from 'node:crypto'
import type { Knex } from 'knex'
import type { RefreshTokens } from '../../src/oauth/refresh/refresh-tokens.ts'
import type { Artifact } from '../../src/storage/storage.ts'
import type { BulkRecord, BulkWriter } from './bulk-writer.ts'

/** The records of one sign-in as the server wrote them, from which all others are made. */
export type SignInRecords = { readonly grant: Artifact; readonly family: Artifact }

const CUSTOMERS_AT_ONCE = 50_000
const SIGN_INS_AT_ONCE = 5000
const MONTH_SECONDS = 2_628_000

/** The id of a customer by number: spread over the index as random ids are. */
export function customerId(number: number): string {
  const hex = createHash('md5').update(`customer ${number}`).digest('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** What a customer types in to sign in. */
export function loginOf(number: number): string {
  return `customer-${number}@example.com`
}

/** The id of a customer's one grant, of the length of those that the server makes. */
export function grantId(number: number): string {
  return hash('sha256', `grant ${number}`, 'base64url')
}

/**
 * Makes customers 1 to `count`, all with the password of the customer whose address is `like`. Indexes that keep nothing
 * unique are made afterwards, which is a quarter of the work.
 */
export async function fillCustomers(knex: Knex, count: number, like: string): Promise<void> {
  const { rows: indexes } = await knex.raw(
    `select i.indexrelid::regclass as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i where i.indrelid = 'customers'::regclass and not i.indisunique`,
  )
  for (const { name } of indexes) await knex.raw('drop index ??', name)
  for (let first = 1; first <= count; first += CUSTOMERS_AT_ONCE) {
    await knex.raw(
      `insert into customers (id, customer_reference, email, email_normalized, email_verified, given_name, family_name,
         password_scheme, password_hash, password_salt, password_changed_at)
       select md5('customer ' || n)::uuid, 'scale-' || n, 'customer-' || n || '@example.com',
         'customer-' || n || '@example.com', true, 'Given' || n, 'Family' || n,
         c.password_scheme, c.password_hash, c.password_salt, c.password_changed_at
       from generate_series(?::integer, ?::integer) n, customers c where c.email_normalized = ?`,
      [first, Math.min(count, first + CUSTOMERS_AT_ONCE - 1), like],
    )
  }
  for (const { definition } of indexes) await knex.raw(definition)
  await knex.raw('vacuum analyze customers')
  await knex.raw('checkpoint')
}

/**
 * Signs customers 1 to `count` in: a grant and a refresh family each. Returns the refresh tokens of `sampled` of them, evenly
 * spread.
 */
export async function fillSignIns(
  writer: BulkWriter,
  { grant, family }: SignInRecords,
  deps: { readonly refreshTokens: RefreshTokens; readonly count: number; readonly sampled: number },
): Promise<string[]> {
  const { refreshTokens, count, sampled } = deps
  const every = Math.max(1, Math.floor(count / sampled))
  const tokens: string[] = []

  function recordsOf(number: number): BulkRecord[] {
    const token = refreshTokens.first()
    const parts = refreshTokens.parse(token)
    if (!parts) throw new Error('the server does not know its own refresh token')
    if (number % every === 0 && tokens.length < sampled) tokens.push(token)
    const its = { accountId: customerId(number), grantId: grantId(number), digest: refreshTokens.digest(token) }
    return [
      { kind: 'Grant', id: its.grantId, artifact: { ...grant, accountId: its.accountId } },
      { kind: 'RefreshToken', id: parts.family, artifact: { ...family, ...its } },
    ]
  }
  for (let first = 1; first <= count; first += SIGN_INS_AT_ONCE) {
    const size = Math.min(SIGN_INS_AT_ONCE, count - first + 1)
    const records = Array.from({ length: size }, (_, index) => recordsOf(first + index))
    await writer.write(records.flat(), MONTH_SECONDS)
  }
  return tokens
}
