import type { Config } from '../../config.ts'
import { isStorable } from '../../database/storable.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import { REVOCATION_PATH } from '../../oauth/clients/own-resource.ts'
import { createAuthorize } from '../../signal-endpoints/bearer.ts'
import { createFindPeople } from '../../signal-endpoints/global-revocation/find-people.ts'
import { createProveProvider } from '../../signal-endpoints/global-revocation/provider-proof.ts'
import { createRevocationRoutes } from '../../signal-endpoints/global-revocation/revocation-routes.ts'
import type { AppParts } from '../shared.ts'

/** Where others end everything of a person. */
export function createGlobalRevocation({ ISSUER: issuer }: Config, { backends, services }: AppParts): Routes {
  const { customers, agents, clients, tokens, upstreams, judgeToken } = services
  const { upstreamLinks } = customers
  return createRevocationRoutes({
    authorize: createAuthorize({ judgeToken, audience: issuer, findClient: clients.findClient }),
    proveProvider: createProveProvider({
      ...upstreams,
      storage: backends.storage,
      endpoint: `${issuer}${REVOCATION_PATH}`,
    }),
    findPeople: createFindPeople({
      issuer,
      customers: customers.directory,
      agents: agents.directory,
      linkedCustomers: createFindLinked(services),
    }),
    async isLinked(customerId, upstreamId, iss) {
      const links = await upstreamLinks.ofCustomer(customerId)
      return links.some((link) => link.upstreamId === upstreamId && link.issuer === iss)
    },
    endSignIn: tokens.endSignIn,
    storage: backends.storage,
    audit: backends.auditTrail.append,
  })
}

/** The ids of the customers that a person of a sign-in provider is here, by whichever upstream of it. */
export function createFindLinked({
  customers: { upstreamLinks },
  upstreams,
}: Pick<AppParts['services'], 'customers' | 'upstreams'>) {
  return async function findLinked(issuer: string, subject: string): Promise<readonly string[]> {
    if (!isStorable(subject)) return []
    const ids = upstreams.registry.usable().map(({ id }) => id)
    const found = await Promise.all(ids.map((upstreamId) => upstreamLinks.customerOf({ upstreamId, issuer, subject })))
    return [...new Set(found.filter((id) => id !== undefined))]
  }
}
