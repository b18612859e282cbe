import { expect, test } from 'vitest'
import type { Customer } from '../../src/customers/customer.ts'
import type { CustomerWithPassword } from '../../src/customers/directory.ts'
import { createProofs } from '../../src/customers/proof.ts'

const ID = '79cc0486-bbdf-491b-a0a2-722383b6288b'
const MADE_AT_MS = 1000

type Now = { generation?: number; status?: Customer['status']; signedOutAtMs?: number }

/** A proof of a customer of generation 3, measured when things are so. */
function measured({ generation, status = 'active', signedOutAtMs = 0 }: Now, stored: unknown) {
  const customer = { id: ID, status } as Customer
  const found: CustomerWithPassword = { customer, ...(generation !== undefined && { generation }) }
  return createProofs({
    directory: { findCredentials: async (id) => (id === ID ? found : undefined) },
    isSignedOut: async (_, sinceMs) => sinceMs <= signedOutAtMs,
  }).measure(stored)
}

const PROOF = { customerId: ID, madeAtMs: MADE_AT_MS, generation: 3 }
const { generation: _, ...UNCOUNTED } = PROOF

test.each<[string, Now, object]>([
  ['while nothing has changed', { generation: 3 }, PROOF],
  ['after a sign-out from before it', { generation: 3, signedOutAtMs: MADE_AT_MS - 1 }, PROOF],
  ['where the directory counts no generations', {}, UNCOUNTED],
])('a proof holds %s', async (_, now, proof) => {
  expect(await measured(now, proof)).toMatchObject({ customer: { id: ID }, proof: { customerId: ID } })
})

test.each<[string, Now, unknown]>([
  // Another node's clock may be behind: the sign-out that came with the change seems to be older than the proof.
  ['the credentials changed, whatever the clocks of the nodes say', { generation: 4, signedOutAtMs: 0 }, PROOF],
  ['the customer was signed out since', { generation: 3, signedOutAtMs: MADE_AT_MS }, PROOF],
  ['where no generation is known, too', { signedOutAtMs: MADE_AT_MS }, UNCOUNTED],
  ['the customer is blocked', { generation: 3, status: 'blocked' }, PROOF],
  ['the customer was erased', { generation: 3, status: 'anonymised' }, PROOF],
  ['it was made where no generations were counted and they are now', { generation: 3 }, UNCOUNTED],
  ['it is of nobody here', { generation: 3 }, { ...PROOF, customerId: 'another' }],
  ['it is none', { generation: 3 }, undefined],
])('a proof does not hold when %s', async (_, now, proof) => {
  expect(await measured(now, proof)).toBeUndefined()
})
