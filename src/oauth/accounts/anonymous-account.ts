import type { Account } from 'oidc-provider'

/** The library's account of a visitor who has not signed in. */
export type AnonymousAccount = Account & { readonly anonymousId: string }

const PREFIX = 'anonymous:'

/** A visitor's account id has a prefix, so that it never meets a customer's. */
export function toAnonymousAccount(anonymousId: string): AnonymousAccount {
  const accountId = `${PREFIX}${anonymousId}`
  return { accountId, anonymousId, claims: () => ({ sub: accountId }) }
}

/** The visitor's own id; undefined when the account is a person's. */
export function anonymousIdOf(accountId: string): string | undefined {
  return accountId.startsWith(PREFIX) ? accountId.slice(PREFIX.length) : undefined
}

export function isAnonymousAccount(account: Account): account is AnonymousAccount {
  return 'anonymousId' in account
}
