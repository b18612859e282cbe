import { randomUUID } from 'node:crypto'
import { errors, type TokenEndpointGrantContext } from 'oidc-provider'
import { buildTokenResponse, resolveRequestedResources, validateClientScope } from 'oidc-provider/lib/helpers/grants.js'
import type { ClientMetadata } from '../../clients/client.ts'
import { LONGEST_TOKEN_SECONDS } from '../../clients/client-schema.ts'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { requestState } from '../../http/request-state.ts'
import type { Storage } from '../../storage/storage.ts'
import { toAnonymousAccount } from '../accounts/anonymous-account.ts'
import { IDENTITY_SCOPES } from '../accounts/claims.ts'
import { newClientToken, parametersOf } from '../library-values.ts'
import { issueTokens } from '../tokens/issue-tokens.ts'
import { familyTtlSeconds } from '../tokens/lifetimes.ts'
import type { GrantType } from './grant-type.ts'

export type AnonymousGrantDeps = {
  readonly storage: Pick<Storage, 'putOnce'>
  readonly resourceServers: { find(identifier: string): Promise<ResourceServer | undefined> }
}

/** The name of the grant type, and what a client must list to use it. */
export const ANONYMOUS_GRANT = 'urn:vestibule:grant:anonymous'

/** Ids of visitors that were given out or chosen, kept for longer than the last token with one can live. */
const TAKEN = 'AnonymousId'

/**
 * A token for a visitor who has not signed in: what storefronts fetch before anything else, with none but the scopes a
 * resource server opens to anonymous visitors. A client that proves who it is and may refresh gets a session that
 * keeps the visitor's id; a public one gets a token that stands for the client alone. An id is taken once, by the client that
 * asks first: who knows the id of another visitor does not get their session.
 */
export function anonymousGrant({ storage, resourceServers }: AnonymousGrantDeps): GrantType {
  return {
    name: ANONYMOUS_GRANT,
    parameters: ['scope', 'resource', 'anonymous_id'],
    async handle(ctx) {
      const { provider, client } = ctx.oidc
      const [resourceServer, another] = await resolveRequestedResources(provider, ctx)
      if (another || !resourceServer) throw new errors.InvalidTarget('only one resource can be asked for at a time')
      const open = (await resourceServers.find(resourceServer.identifier()))?.anonymousScopes
      if (!open) throw new errors.InvalidTarget('this resource server does not serve anonymous visitors')
      const isOpen = (name: string) => open.includes(name) && !IDENTITY_SCOPES.includes(name)
      const scope = [...validateClientScope(provider, ctx)].filter(isOpen).join(' ')

      const mayKeepId = client?.clientAuthMethod !== 'none'
      const chosenId = mayKeepId ? readAnonymousId(ctx.oidc.params?.anonymous_id) : undefined
      const hasSession = mayKeepId && client?.grantTypeAllowed('refresh_token') === true
      const anonymousId = chosenId ?? (hasSession ? randomUUID() : undefined)
      // The library keeps the metadata as members of its client.
      if (anonymousId !== undefined) await take(anonymousId, client as unknown as ClientMetadata)
      if (!hasSession || anonymousId === undefined) {
        requestState(ctx).anonymousId = anonymousId
        return issueClientToken(ctx, resourceServer, scope)
      }
      const params = parametersOf(ctx)
      params.scope = scope || undefined
      const account = toAnonymousAccount(anonymousId)
      await issueTokens(ctx, { account, grantType: ANONYMOUS_GRANT, defaultScope: '' })
    },
  }

  async function take(anonymousId: string, client: ClientMetadata): Promise<void> {
    const ttlSeconds = familyTtlSeconds(client) + LONGEST_TOKEN_SECONDS
    if (await storage.putOnce(TAKEN, anonymousId, {}, ttlSeconds)) return
    throw new errors.InvalidRequest('the anonymous_id is already in use')
  }
}

async function issueClientToken(
  ctx: TokenEndpointGrantContext,
  resourceServer: Awaited<ReturnType<typeof resolveRequestedResources>>[number],
  scope: string,
): Promise<void> {
  const { provider, client } = ctx.oidc
  const token = newClientToken(provider, { client })
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
