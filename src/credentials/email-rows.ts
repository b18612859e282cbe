import type { Knex } from 'knex'
import { isStorable } from '../database/storable.ts'
import { normalizeEmail, storedForms } from './email.ts'

/**
 * The condition that a row has an e-mail address, in whatever form `column` has it; `storedForms` is bound twice. Where
 * two accounts are older than the rule that these forms are one address, the one with the form that was given comes first.
 */
export function emailCondition(column: string): string {
  return `${column} = any(?::text[]) order by array_position(?::text[], ${column})`
}

/** The row of `table` with this e-mail address. */
export async function findByEmail<Row>(knex: Knex, table: string, email: string): Promise<Row | undefined> {
  if (!isStorable(email)) return undefined
  const forms = [...storedForms(email)]
  return knex(table).whereRaw(emailCondition('email_normalized'), [forms, forms]).first()
}

/**
 * Whether a person in `table` has this e-mail address in another form than the one that is stored now; for that one there is
 * the unique index. `except` is the id of a person who may have it.
 */
export async function isTakenInOtherForm(knex: Knex, table: string, email: string, except?: string): Promise<boolean> {
  const others = storedForms(email).filter((form) => form !== normalizeEmail(email))
  if (others.length === 0) return false
  const query = knex(table).whereIn('email_normalized', others)
  return (await (except === undefined ? query : query.whereNot({ id: except })).first('id')) !== undefined
}
