import type { Knex } from 'knex'
import type { PlacedRecord } from './import-rows.ts'

/** The numbers that an import would give to new customers without one. */
export type NewNumbers = {
  /** Gives numbers to a batch, as `writeRows` and the database do. */
  give(placed: readonly PlacedRecord[]): void
  /** The reference of the customer who was given the number. */
  holderOf(idCustomer: number): string | undefined
}

/** Goes on from where the sequence of the database is, and leaves that as it is. */
export async function createNewNumbers(knex: Knex): Promise<NewNumbers> {
  const { rows } = await knex.raw<{ rows: { last: number }[] }>(
    'select (last_value - case when is_called then 0 else 1 end)::integer as last from customers_id_customer_seq',
  )
  let last = rows[0]?.last ?? 0
  // One text for a batch: a tenth of the room that a map takes.
  const given: { readonly from: number; readonly to: number; readonly references: string }[] = []

  return {
    give(placed) {
      for (const { idCustomer = 0 } of placed) last = Math.max(last, idCustomer)
      const references = placed.flatMap(({ idCustomer, record }) => (idCustomer ? [] : record.customerReference))
      if (references.length === 0) return
      given.push({ from: last + 1, to: last + references.length, references: JSON.stringify(references) })
      last += references.length
    },
    holderOf(idCustomer) {
      const batch = given.find(({ from, to }) => from <= idCustomer && idCustomer <= to)
      const references = batch && (JSON.parse(batch.references) as string[]) // written above
      return batch && references?.[idCustomer - batch.from]
    },
  }
}
