import type { Account, FindAccount } from 'oidc-provider'
import { type CompanyUser, type Customer, isActiveCompanyUser, selectCompanyUser } from '../customers/customer.ts'
import { accountClaims } from './claims.ts'
import { grantFacts } from './grant-facts.ts'
import type { NotBefore } from './not-before.ts'

/** The library's account with what our own code needs of it. */
export type CustomerAccount = Account & { readonly customer: Customer; readonly companyUser: CompanyUser | undefined }

export type AccountDeps = {
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  readonly notBefore: NotBefore
}

/**
 * Finds the account behind a session, code or token. Undefined, which refuses the request, when the customer is gone
 * or blocked, the company user the grant acts as is no longer active, or everything before an instant was signed out.
 */
export function createFindAccount({ findCustomer, notBefore }: AccountDeps): FindAccount {
  return async function findAccount(ctx, accountId, token) {
    const grant = grantFacts(ctx.oidc.entities.Grant)
    const clientId = ctx.oidc.client?.clientId
    const grantedAtMs = grant?.createdAtMs ?? sessionStartMs(ctx.oidc.session?.loginTs) ?? sessionStartMs(token?.iat)
    const [customer, isSignedOut] = await Promise.all([
      findCustomer(accountId),
      grantedAtMs !== undefined &&
        notBefore.isBefore(
          {
            accountId,
            ...(clientId && { clientId }),
            ...(grant?.companyUserId && { companyUserId: grant.companyUserId }),
          },
          grantedAtMs,
        ),
    ])
    if (customer?.status !== 'active' || isSignedOut) return undefined
    return toAccount(customer, grant?.companyUserId)
  }
}

/** @returns undefined when the customer no longer acts as `companyUserId`. */
export function toAccount(customer: Customer, companyUserId?: string): CustomerAccount | undefined {
  const companyUser = companyUserId
    ? customer.companyUsers.find(({ id }) => id === companyUserId)
    : selectCompanyUser(customer)
  if (companyUserId && !(companyUser && isActiveCompanyUser(companyUser))) return undefined
  return {
    accountId: customer.id,
    customer,
    companyUser,
    claims: (use) => accountClaims(customer, companyUser, use) as Awaited<ReturnType<Account['claims']>>,
  }
}

function sessionStartMs(epochSeconds: number | undefined): number | undefined {
  return epochSeconds === undefined ? undefined : epochSeconds * 1000
}
