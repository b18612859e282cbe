import type { Config } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import { createCompanyUserRoutes } from '../../interaction/company-users/company-user-routes.ts'
import { createFindCaller } from '../../oauth/tokens/callers.ts'
import type { AppParts } from '../shared.ts'

/** For customers who hold a token of their own, made for this server's default resource or an endpoint of a dialect. */
export function createCompanyUsers({ DEFAULT_RESOURCE }: Config, { backends, services }: AppParts): Routes {
  const { customers, clients, judgeToken, account } = services
  const { memberships, members, people, invitations, rolesFor } = account
  const ofDialects = new Set(clients.builtIn.flatMap(({ identifier, audience = identifier }) => [identifier, audience]))
  return createCompanyUserRoutes({
    findCaller: createFindCaller({ judgeToken }),
    isFor: ({ audience }) => audience !== undefined && (audience === DEFAULT_RESOURCE || ofDialects.has(audience)),
    isOfDialect: (audience) => audience !== undefined && audience !== DEFAULT_RESOURCE && ofDialects.has(audience),
    findClient: clients.findClient,
    findCustomer: customers.directory.findById,
    storage: backends.storage,
    companies: memberships && people && { looksAfter: memberships.looksAfter, people },
    members,
    rolesFor,
    invitations,
  })
}
