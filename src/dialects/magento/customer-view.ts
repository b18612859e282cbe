import type { Account } from '../own-account.ts'

/** As the shop's extension says it: allowed and denied. */
const ASSISTANCE = { allowed: 2, denied: 1 } as const

/** A customer as `customers/me` shows them: what a storefront greets by and what it needs to ask on. */
export function customerView(customer: Account): Record<string, unknown> {
  const { idCustomer, email, givenName, familyName, allowsSupport = false } = customer
  return {
    id: idCustomer,
    group_id: 1,
    email,
    firstname: givenName ?? '',
    lastname: familyName ?? '',
    store_id: 1,
    website_id: 1,
    addresses: [],
    disable_auto_group_change: 0,
    extension_attributes: { assistance_allowed: allowsSupport ? ASSISTANCE.allowed : ASSISTANCE.denied },
  }
}

/** Whether the shop's extension says that agents may act for the customer; undefined where it says nothing. */
export function readAssistance(value: unknown): boolean | undefined {
  if (value === undefined || value === null || value === '') return undefined
  return Number(value) === ASSISTANCE.allowed
}
