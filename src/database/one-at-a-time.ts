import type { Knex } from 'knex'

/** Waits until no other transaction, on whatever node, holds this name, and holds it until this one ends. */
export async function oneAtATime(transaction: Knex.Transaction, name: string): Promise<void> {
  await transaction.raw('select pg_advisory_xact_lock(hashtext(?))', [name])
}
