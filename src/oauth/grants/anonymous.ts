import { randomUUID } from 'node:crypto'
import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { buildTokenResponse, resolveRequestedResources, validateClientScope } from 'oidc-provider/lib/helpers/grants.js'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { requestState } from '../../http/request-state.ts'
import { toAnonymousAccount } from '../accounts/anonymous-account.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import type { GrantType } from './grant-type.ts'

export type AnonymousGrantDeps = {
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/** The name of the grant type, and what a client must list to use it. */
export const ANONYMOUS_GRANT = 'urn:vestibule:grant:anonymous'

/**
 * A token for a visitor who has not signed in: what storefronts fetch before anything else, with none but the scopes a
 * resource server opens to anonymous visitors. A client that proves who it is and may refresh gets a session that
 * keeps the visitor's id; a public one gets a token that stands for the client alone.
 */
export function anonymousGrant({ resourceServers }: AnonymousGrantDeps): GrantType {
  return {
    name: ANONYMOUS_GRANT,
    parameters: ['scope', 'resource', 'anonymous_id'],
    async handle(ctx) {
      const { provider, client } = ctx.oidc
      const [resourceServer, another] = await resolveRequestedResources(provider, ctx)
      if (another || !resourceServer) throw new errors.InvalidTarget('only one resource can be asked for at a time')
      const open = (await resourceServers.find(resourceServer.identifier()))?.anonymousScopes
      if (!open) throw new errors.InvalidTarget('this resource server does not serve anonymous visitors')
      const scope = [...validateClientScope(provider, ctx)].filter((name) => open.includes(name)).join(' ')

      const mayKeepId = client?.clientAuthMethod !== 'none'
      const anonymousId = mayKeepId ? readAnonymousId(ctx.oidc.params?.anonymous_id) : undefined
      if (!mayKeepId || !client?.grantTypeAllowed('refresh_token')) {
        requestState(ctx).anonymousId = anonymousId
        return issueClientToken(ctx, resourceServer, scope)
      }
      const params = ctx.oidc.params as Record<string, unknown>
      params.scope = scope || undefined
      const account = toAnonymousAccount(anonymousId ?? randomUUID())
      await issueTokens(ctx, { account, grantType: ANONYMOUS_GRANT, defaultScope: '' })
    },
  }
}

async function issueClientToken(
  ctx: TokenEndpointGrantContext,
  resourceServer: Awaited<ReturnType<typeof resolveRequestedResources>>[number],
  scope: string,
): Promise<void> {
  const { provider, client } = ctx.oidc
  const token = new provider.ClientCredentials({ client } as never)
  token.resourceServer = resourceServer
  if (scope) token.scope = scope
  ctx.oidc.entity('ClientCredentials', token)
  const accessToken = await token.save()
  ctx.body = buildTokenResponse(provider, {
    accessToken,
    expiresIn: token.expiration,
    scope: token.scope,
    tokenType: token.tokenType,
  })
}

/** The visitor's id, if a confidential client gives one. A public client proves nothing, so its id is ignored. */
function readAnonymousId(given: unknown): string | undefined {
  if (given === undefined) return undefined
  if (typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given)) return given
  throw new errors.InvalidRequest('anonymous_id must be 1 to 128 letters, digits or one of . _ : -')
}
