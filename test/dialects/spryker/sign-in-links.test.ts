import { expect, test } from 'vitest'
import type { Customer } from '../../../src/customers/customer.ts'
import { createProofs } from '../../../src/customers/proof.ts'
import { createSignInLinks, type RedeemedLink } from '../../../src/customers/sign-in-links.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'

const CUSTOMER = '79cc0486-bbdf-491b-a0a2-722383b6288b'
const storage = createMemoryStorage()
const customer = { id: CUSTOMER, status: 'active' } as Customer
const proofs = createProofs({
  directory: { findCredentials: async (id) => (id === CUSTOMER ? { customer } : undefined) },
  isSignedOut: async () => false,
})
const customerOf = (redeemed: RedeemedLink) => (redeemed.outcome === 'redeemed' ? redeemed.customer : undefined)
const links = (allowsReuse: boolean, audience = 'https://shop.example') => {
  const { mint, redeem } = createSignInLinks({ storage, proofs, audience, allowsReuse })
  return { mint, redeem: async (token: string) => customerOf(await redeem(token))?.id }
}

async function mint(allowsReuse: boolean, isReusable?: boolean): Promise<{ token: string; expiresAt: number }> {
  const minted = await links(allowsReuse).mint({ customerId: CUSTOMER, ...(isReusable && { isReusable }) })
  if (minted.outcome !== 'minted') throw new Error(minted.outcome)
  return minted
}

test('of many who follow a link at once, one is signed in', async () => {
  const { token } = await mint(false)
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => links(false).redeem(token)))
  expect(outcomes.flatMap((id) => id ?? [])).toEqual([CUSTOMER])
})

test('a link is short-lived, and fits the path the shop knows', async () => {
  const { token, expiresAt } = await mint(false)
  expect(token).toMatch(/^[a-zA-Z0-9-_.]+$/)
  expect(expiresAt - Date.now() / 1000).toBeLessThanOrEqual(120)
})

test('a link for one issuer is worth nothing at another, and is not used up there', async () => {
  const { token } = await mint(false)
  expect(await links(false, 'https://other.example').redeem(token)).toBeUndefined()
  expect(await links(false).redeem(token)).toBe(CUSTOMER)
})

test('reusable links need the setting: to be made, and to go on working', async () => {
  expect(await links(false).mint({ customerId: CUSTOMER, isReusable: true })).toEqual({
    outcome: 'reusable-not-allowed',
  })
  const { token } = await mint(true, true)
  expect(await links(true).redeem(token)).toBe(CUSTOMER)
  expect(await links(true).redeem(token)).toBe(CUSTOMER)
  expect(await links(false).redeem(token)).toBeUndefined()
})
