import type { Context } from 'koa'
import { errors, type Provider } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { ClientMetadata } from '../../clients/client.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { CIBA_GRANT } from '../../clients/security-profile.ts'
import { choiceOf, toAccount } from '../accounts/account.ts'
import { acrDemandOf, acrOf, meets, saidAcr } from '../accounts/acr.ts'
import { PERSON_SCOPES } from '../accounts/claims.ts'
import { withFacts } from '../accounts/grant-facts.ts'
import type { OwnSession } from '../browser/own-sessions.ts'
import type { SecondFactorPolicy } from '../browser/step-up.ts'
import { mayUse, scopesAt } from '../clients/resource-indicators.ts'
import type { LinkConsents } from '../links/link-consents.ts'
import type { Approval, Approvals } from './approvals.ts'

/** `unknown`: it is not there, not theirs, over or decided already; the answer does not say which. */
export type Decision = 'done' | 'unknown' | 'needs-factor'

export type DecideDeps = {
  readonly provider: () => Provider
  readonly approvals: Pick<Approvals, 'find' | 'take'>
  /** An enabled client. */
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
  readonly owesFactor: SecondFactorPolicy['owes']
  readonly audit: Audit
  /** A customer let a client in. */
  readonly noteLink: LinkConsents['noteGrant']
  readonly noteDecision: (outcome: 'approved' | 'denied') => void
}

export type Decide = ReturnType<typeof createDecide>

const OPENID_SCOPES = [...PERSON_SCOPES, 'offline_access']

/** How customers answer what they are asked to approve: the client's request gets its outcome, once. */
export function createDecide(deps: DecideDeps) {
  const { provider, approvals, findClient, findResourceServer, owesFactor, audit, noteLink, noteDecision } = deps

  async function grantFor(approval: Approval, client: ClientMetadata, { customer, companyUserId }: OwnSession) {
    const account = toAccount(customer, companyUserId)
    const choice = account && choiceOf(account)
    const grant = withFacts(new (provider().Grant)({ accountId: customer.id, clientId: approval.clientId }), {
      createdAtMs: Date.now(),
      ...(choice !== undefined && { companyUserId: choice }),
    })
    grant.addOIDCScope(approval.scopes.filter((scope) => OPENID_SCOPES.includes(scope)).join(' '))
    for (const identifier of approval.resources) {
      const server = await findResourceServer(identifier)
      if (!server || !mayUse(client, server)) continue
      const there = scopesAt(client, server, { isMachine: false })
      const given = approval.scopes.filter((scope) => there.includes(scope))
      if (given.length > 0) grant.addResourceScope(identifier, given.join(' '))
    }
    return grant
  }

  /** The request, where this caller is the one who decides it. */
  async function take(customerId: string, id: string) {
    const approval = await approvals.find(customerId, id)
    if (!approval) return undefined
    const client = await findClient(approval.clientId)
    const request = await provider().BackchannelAuthenticationRequest.find(approval.requestId)
    const isOpen = client?.grant_types?.includes(CIBA_GRANT) === true && request?.accountId === customerId
    return isOpen && (await approvals.take(approval)) ? { approval, client, request } : undefined
  }

  return {
    async approve(session: OwnSession, id: string, ctx: Context): Promise<Decision> {
      const { customer, acr, amr, authenticatedAt } = session
      const asked = await approvals.find(customer.id, id)
      const demand = acrDemandOf({ acr_values: asked?.acrValues })
      const strength = acr ?? acrOf(amr)
      if (demand && !meets(strength, demand)) return 'needs-factor'
      // The session may have begun at a client that asks for less.
      const isOwed = asked && (await owesFactor({ customer, clientId: asked.clientId, amr: amr ?? [] }, ctx))
      if (isOwed) return 'needs-factor'
      const taken = await take(customer.id, id)
      if (!taken) return 'unknown'
      const grant = await grantFor(taken.approval, taken.client, session)
      await grant.save()
      await noteLink(grant, 'approval', ctx)
      await provider().backchannelResult(taken.request, grant, {
        ...(strength !== undefined && { acr: saidAcr(strength, demand) ?? strength }),
        ...(amr && { amr: [...amr] }),
        authTime: authenticatedAt,
      })
      audit({ type: 'approval.given', customerId: customer.id, clientId: taken.approval.clientId, grantId: grant.jti })
      noteDecision('approved')
      return 'done'
    },

    async deny({ customer }: Pick<OwnSession, 'customer'>, id: string): Promise<Decision> {
      const taken = await take(customer.id, id)
      if (!taken) return 'unknown'
      await provider().backchannelResult(taken.request, new errors.AccessDenied('the person did not allow it'))
      audit({ type: 'approval.denied', customerId: customer.id, clientId: taken.approval.clientId })
      noteDecision('denied')
      return 'done'
    },
  }
}
