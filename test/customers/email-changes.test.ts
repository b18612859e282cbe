import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { findEmailChange, recordEmailChanges, undoEmailChange } from '../../src/customers/email-change-rows.ts'
import { importRecord } from '../../src/customers/import/import-record.ts'
import { upsertCustomers } from '../../src/customers/import/write-customers.ts'
import { useDatabase } from './database.ts'

const database = useDatabase()

async function change(): Promise<{ customerId: string; token: string }> {
  const customerReference = randomUUID()
  const email = `${customerReference}@example.com`
  await upsertCustomers(database.knex, [importRecord.parse({ email, customerReference })])
  const [updated] = await upsertCustomers(database.knex, [
    importRecord.parse({ email: `moved-${email}`, customerReference }),
  ])
  if (updated?.outcome !== 'updated' || !updated.moved) throw new Error('not moved')
  return updated.moved
}

const age = (days: number) =>
  database
    .knex('customer_email_changes')
    .update({ changed_at: database.knex.raw('now() - make_interval(days => ?)', [days]) })

test('a change can be undone for a week', async () => {
  const { token } = await change()
  await age(6)
  expect(await findEmailChange(database.knex, token)).toContain('@example.com')
  await age(8)
  expect(await findEmailChange(database.knex, token)).toBeUndefined()
  expect(await undoEmailChange(database.knex, token)).toEqual({ outcome: 'dead' })
})

test('former addresses are forgotten after it', async () => {
  const { customerId } = await change()
  await age(8)
  await recordEmailChanges(database.knex, [{ customerId, email: 'newer@example.com', emailVerified: true }])
  const rows = await database.knex('customer_email_changes').select('email_before')
  expect(rows).toEqual([{ email_before: 'newer@example.com' }])
})

test('of many who follow the link at once one undoes the change', async () => {
  const { token } = await change()
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => undoEmailChange(database.knex, token)))
  expect(outcomes.filter(({ outcome }) => outcome === 'undone')).toHaveLength(1)
})
