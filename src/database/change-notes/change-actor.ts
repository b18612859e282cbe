import type { Knex } from 'knex'

/**
 * Says within a transaction who makes its changes, where it is not the person whose account they change: for what the database itself notes
 * of them (`migrations/0207-account-changes.ts`).
 */
export async function changesBy(transaction: Knex.Transaction, by: string): Promise<void> {
  await transaction.raw("select set_config('vestibule.by', ?, true)", [by])
}
