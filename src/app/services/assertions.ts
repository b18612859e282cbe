import type { Config } from '../../config.ts'
import type { Customer } from '../../customers/customer.ts'
import { linkNameOf } from '../../customers/linked-accounts/issuer-subjects.ts'
import { stillNeeds } from '../../customers/second-factor/factor-need.ts'
import { createLinkAccount } from '../../oauth/assertions/google-linking.ts'
import type { JwtBearerGrantDeps } from '../../oauth/assertions/jwt-bearer.ts'
import type { IsWithdrawn } from '../../oauth/assertions/presented.ts'
import { createTakenBack } from '../../oauth/links/taken-back.ts'
import type { Backends } from '../backends.ts'
import type { AccountServices } from './account.ts'
import type { CustomerServices } from './customers.ts'
import type { IssuerServices } from './issuers.ts'

type AssertionBackends = Pick<Backends, 'metrics' | 'auditTrail' | 'clientLinks' | 'storage'>
type AssertionServices = {
  readonly issuers: IssuerServices
  readonly customers: CustomerServices
  readonly account: Pick<AccountServices, 'consents'>
}
type AssertionDeps = Omit<JwtBearerGrantDeps, 'findClient' | 'resourceServers' | 'audit' | 'storage'>

/** What the grant type for assertions asks of the rest. */
export function assertionDeps(
  config: Pick<Config, 'REGISTRATION'>,
  { metrics, auditTrail, clientLinks, storage }: AssertionBackends,
  { issuers, customers, account }: AssertionServices,
): AssertionDeps {
  const { issuerSubjects, directory } = customers
  const { factors } = customers.factors
  // A sign-in elsewhere is one factor, whichever it was.
  const owesSecondFactor = async (customer: Customer, clientId: string) =>
    stillNeeds(await factors.needOf(customer, clientId), [], factors.rules)
  const isWithdrawn: IsWithdrawn = async ({ customer, linkedAtMs }, clientId) => {
    const withdrawnAtMs = await issuers.withdrawals.lastOf(customer.id, clientId)
    if (withdrawnAtMs === undefined || linkedAtMs > withdrawnAtMs) return false
    const [consent] = await clientLinks.consentsOf(customer.id, clientId)
    return consent === undefined || consent.atMs <= withdrawnAtMs
  }
  return {
    verifyAssertion: issuers.verifyAssertion,
    issuerSubjects,
    owesSecondFactor,
    isWithdrawn,
    noteLink: account.consents.noteGrant,
    takenBack: createTakenBack({ storage, links: clientLinks }).scopesOf,
    metrics,
    linkAccount: createLinkAccount({
      issuerSubjects,
      directory,
      owesSecondFactor,
      isWithdrawn,
      isRegistrationOpen: config.REGISTRATION === 'open',
      noteLinked: (customerId, issuerId) => customers.linkedAccounts.tellConnected(customerId, linkNameOf(issuerId)),
      audit: auditTrail.append,
      metrics,
    }),
  }
}
