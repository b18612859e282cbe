import { WAREHOUSE_GRANT } from '../../oauth/grants/warehouse.ts'
import type { TokenRoute } from '../dialect.ts'
import { backendOutage, resourceError } from './backend-answers.ts'
import { bearerOf, findHolder } from './headers.ts'
import { json } from './json.ts'
import { pairOf } from './sign-in.ts'

const INVALID = resourceError(401, '001', 'Invalid access token.')

/** `POST /warehouse-tokens`: the back office's token becomes one of the warehouse its holder is assigned to. */
export function warehouseTokens(resource: string): TokenRoute {
  return {
    method: 'POST',
    path: '/warehouse-tokens',
    needsRefreshToken: true,
    async toOAuth({ headers, context }, services) {
      const bearer = bearerOf(headers.authorization)
      if (bearer === undefined) return resourceError(401, '002', 'Missing access token.')
      const caller = await findHolder(bearer, services, context)
      if (caller?.kind !== 'agent' || !caller.scopes.includes('user')) return INVALID
      return {
        grant_type: WAREHOUSE_GRANT,
        client_id: caller.clientId,
        resource,
        scope: 'warehouse',
        subject_token: bearer,
      }
    },
    fromSuccess: (tokens) => json(201, [pairOf(tokens)]),
    fromError(refused) {
      if (refused.status >= 500) return backendOutage(refused)
      return refused.error === 'access_denied' ? resourceError(403, '5101', 'Operation is forbidden.') : INVALID
    },
  }
}
