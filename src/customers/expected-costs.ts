import { randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import type { ConstantTimeRefusal } from '../credentials/constant-time-refusal.ts'
import type { Passwords } from '../credentials/passwords.ts'

type Sample = { readonly scheme: string; readonly hash: string; readonly salt: string | null }

/** Rows looked at of each scheme, and how many of them, of different parameters, are tried. */
const LOOKED_AT = 20
const TRIED = 3

/**
 * Tries what a wrong password costs under each scheme in use, so that already the first refusal after a start takes as
 * long for an unknown login as for one that another shop hashed.
 */
export async function expectPasswordCosts({
  knex,
  passwords,
  refusal,
}: {
  readonly knex: Knex
  readonly passwords: Pick<Passwords, 'verify'>
  readonly refusal: Pick<ConstantTimeRefusal, 'expect'>
}): Promise<void> {
  const samples = await readSamples(knex)
  const wrong = randomBytes(18).toString('base64url')
  for (const [scheme, rows] of Map.groupBy(samples, (sample) => sample.scheme)) {
    let slowestMs = 0
    for (const { hash, salt } of tried(rows)) {
      const verification = await passwords.verify(wrong, { scheme, hash, ...(salt !== null && { salt }) })
      if (verification.outcome !== 'busy' && !verification.cost.isPlain)
        slowestMs = Math.max(slowestMs, verification.cost.spentMs)
    }
    if (slowestMs > 0) refusal.expect(scheme, slowestMs)
  }
}

/** By the index on the scheme: a table of millions is not read. */
async function readSamples(knex: Knex): Promise<Sample[]> {
  const { rows } = await knex.raw<{ rows: Sample[] }>(
    `with recursive schemes(name) as (
       (select min(password_scheme) from customers)
       union all
       select (select min(password_scheme) from customers where password_scheme > name) from schemes where name is not null
     )
     select name as scheme, hash, salt from schemes cross join lateral (
       select password_hash as hash, password_salt as salt from customers
       where password_scheme = name and password_hash is not null limit ?
     ) found`,
    [LOOKED_AT],
  )
  return rows
}

/** One row of each set of parameters: they stand in front, as in `$2y$12$`. */
function tried(rows: readonly Sample[]): Sample[] {
  const byParameters = new Map(rows.map((row) => [row.hash.startsWith('$') ? row.hash.slice(0, 7) : '', row]))
  return [...byParameters.values()].slice(0, TRIED)
}
