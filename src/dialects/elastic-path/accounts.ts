import { type CompanyUser, type Customer, fullName, isActiveCompanyUser } from '../../customers/customer.ts'
import type { IssuedTokens } from '../dialect.ts'
import { actAs } from './exchange.ts'
import type { SignInEndpoint } from './sign-in.ts'

/** A token with which a person acts for one account. */
export type AccountToken = {
  readonly accountId: string
  readonly accountName: string
  readonly token: string
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** How many accounts one answer lists; each costs a token. */
export const PAGE_LIMIT = 25

type Held = { readonly token: string; readonly companyUserId?: string | undefined; readonly expiresAt: number }

/**
 * A token for each account the person may act for: each company they are an active user of. Who has no company has
 * one account, their own.
 */
export async function accountTokens(endpoint: SignInEndpoint, customer: Customer, held: Held): Promise<AccountToken[]> {
  const active = customer.companyUsers.filter(isActiveCompanyUser).slice(0, PAGE_LIMIT)
  if (active.length === 0) return [ownAccount(customer, held)]
  const accounts: AccountToken[] = []
  for (const companyUser of active) {
    const account = await accountToken(endpoint, companyUser, held)
    if (account) accounts.push(account)
  }
  return accounts
}

/** The tokens of a sign-in as something that is held. */
export function heldFrom({ accessToken, expiresIn, companyUser }: IssuedTokens): Held {
  return { token: accessToken, companyUserId: companyUser?.id, expiresAt: Math.floor(Date.now() / 1000) + expiresIn }
}

/** Ends the sign-in's own token where it is none of those given out. */
export async function endUnlisted(
  { services }: SignInEndpoint,
  tokens: IssuedTokens,
  listed: readonly AccountToken[],
): Promise<void> {
  if (!listed.some(({ token }) => token === tokens.accessToken)) await services.endAccessToken(tokens.accessToken)
}

async function accountToken(
  { services, clientId, resource }: SignInEndpoint,
  { id, company }: CompanyUser,
  held: Held,
): Promise<AccountToken | undefined> {
  const account = { accountId: company.id, accountName: company.name }
  if (held.companyUserId === id) return { ...account, token: held.token, expiresAt: held.expiresAt }
  const issued = await services.issue(actAs({ token: held.token, clientId, resource, companyUserId: id }))
  if (issued.outcome === 'refused') return undefined
  const { token, expiresAt } = heldFrom(issued.tokens)
  return { ...account, token, expiresAt }
}

function ownAccount(customer: Customer, { token, expiresAt }: Held): AccountToken {
  return { accountId: customer.id, accountName: fullName(customer) ?? customer.email, token, expiresAt }
}
