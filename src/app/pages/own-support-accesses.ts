import type { Config } from '../../config.ts'
import type { Routes } from '../../http/routing/other-methods.ts'
import { createSupportAccessRoutes } from '../../interaction/support-access-routes.ts'
import { createFindCaller } from '../../oauth/tokens/callers.ts'
import type { AppParts } from '../shared.ts'

/** For customers who hold a token of their own, made for this server's default resource or an endpoint of a dialect. */
export function createOwnSupportAccesses({ DEFAULT_RESOURCE }: Config, { services }: AppParts): Routes {
  const { support, tokens, customers, clients, judgeToken } = services
  const audiences = new Set([
    DEFAULT_RESOURCE,
    ...clients.builtIn.flatMap(({ identifier, audience }) => [identifier, ...(audience ? [audience] : [])]),
  ])
  return createSupportAccessRoutes({
    accesses: support.accesses,
    findCaller: createFindCaller({ judgeToken }),
    isFor: ({ audience }) => audience !== undefined && audiences.has(audience),
    activeAmong: tokens.activeGrants.activeAmong,
    async setAllowed(customerId, allowsSupport) {
      const { outcome } = await customers.selfService.changeProfile(customerId, { allowsSupport })
      return outcome === 'changed'
    },
  })
}
