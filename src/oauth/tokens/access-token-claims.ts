import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { requestState } from '../../http/request-state.ts'
import { accountOf, asCustomerAccount, type CommerceAccount, type PersonAccount } from '../accounts/account.ts'
import { agentAccountId, isAgentAccount } from '../accounts/agent-account.ts'
import { isAnonymousAccount } from '../accounts/anonymous-account.ts'
import { authenticationOf } from '../accounts/authentication.ts'
import { CLAIMS_BY_SCOPE, commerceClaims } from '../accounts/claims.ts'
import type { Actor } from '../accounts/delegation.ts'
import { dialectSessionOf, grantFacts } from '../accounts/grant-facts.ts'
import { asClaims } from '../library-values.ts'
import { type FoundToken, fromPayload, ISSUED_AT_MS } from './found-token.ts'
import type { FitToken } from './size-budget.ts'
import type { TokenPayload } from './structured-tokens.ts'
import type { TokenShape, TokenSubject } from './token-shape.ts'
import { wantedClaims } from './wanted-claims.ts'

type ClaimsDeps = {
  readonly findResourceServer: (identifier: string) => Promise<ResourceServer | undefined>
  readonly shapes: ReadonlyMap<string, TokenShape>
  /** What tokens of a resource server say as `iss`, where that is not the issuer. */
  readonly tokenIssuers: ReadonlyMap<string, string>
  readonly fitToken: FitToken
  /** Told the size of each payload, in bytes. */
  readonly noteSize: (bytes: number) => void
  /** Gives a token its place in a status list. */
  readonly placeInStatusList: (token: FoundToken) => Promise<object>
}

/** What access tokens say beyond RFC 9068: the customer's commerce claims, and the grant they hang from. */
export function createAccessTokenClaims(deps: ClaimsDeps): {
  extraTokenClaims: NonNullable<Configuration['extraTokenClaims']>
  customizeJwt: (ctx: KoaContextWithOIDC, token: unknown, jwt: StructuredToken) => Promise<void>
} {
  const { findResourceServer, shapes, tokenIssuers, fitToken, noteSize, placeInStatusList } = deps
  return {
    async extraTokenClaims(ctx, token) {
      const account = accountOf(ctx)
      if (token.kind === 'ClientCredentials')
        return { ...anonymousClaims(requestState(ctx).anonymousId), ...issuedNow() }
      if (token.kind !== 'AccessToken' || !account) return undefined
      const authentication = authenticationOf(ctx)
      if (isAgentAccount(account)) return asClaims({ id_agent: account.agent.idAgent, ...authentication })
      if (isAnonymousAccount(account)) return anonymousClaims(account.anonymousId)
      const identifier = token.resourceServer?.identifier()
      const server = identifier ? await findResourceServer(identifier) : undefined
      const claims = commerceClaims(account.customer, account.companyUser, {
        hasFullPermissions: server?.hasFullPermissions === true,
      })
      return asClaims({ ...claims, ...authentication, ...actorOf(account), ...parentOf(ctx, account) })
    },

    async customizeJwt(ctx, token, jwt) {
      const { grantId, resourceServer, scope, gty } = token as IssuedToken // the library hands over its own model
      const account = accountOf(ctx)
      const traceable = grantId ? { gid: grantId, ...(account && parentOf(ctx, account)), ...asked(ctx) } : {}
      const identifier = resourceServer?.identifier() ?? ''
      const shape = shapes.get(identifier)
      if (!shape || !account) {
        const server = identifier ? await findResourceServer(identifier) : undefined
        Object.assign(jwt.payload, traceable, server && wantedClaims(server, Number(jwt.payload.iat)))
        // The payload is whole: whatever can end the token is in it.
        if (server?.status_list) jwt.payload.status = await placeInStatusList(fromPayload(jwt.payload as TokenPayload))
        jwt.payload = { ...fitToken(jwt.payload, server) }
        if (server?.token_typ !== undefined) jwt.header = { ...jwt.header, typ: server.token_typ }
      } else {
        const { exp, iat, jti, client_id } = jwt.payload
        const iss = tokenIssuers.get(identifier) ?? jwt.payload.iss
        const scopes = scope?.split(' ').filter(Boolean) ?? []
        const grantType = gty?.split(' ')[0] ?? ''
        const session = dialectSessionOf(ctx)
        const shaped = shape({ ...subjectOf(account), payload: jwt.payload, scopes, grantType, session })
        if (shaped.header) jwt.header = { ...jwt.header, ...shaped.header }
        const whose = { ...tokenOwnerClaims(account), ...(isAnonymousAccount(account) ? {} : authenticationOf(ctx)) }
        jwt.payload = { ...shaped.payload, iss, exp, iat, jti, ...traceable, client_id, ...whose }
      }
      // The library works it out anew for each token and keeps it nowhere.
      Object.assign(token as object, { exp: jwt.payload.exp })
      noteSize(Buffer.byteLength(JSON.stringify(jwt.payload)))
    },
  }
}

function subjectOf(account: CommerceAccount): TokenSubject {
  if (isAgentAccount(account)) return { agent: account.agent }
  return isAnonymousAccount(account) ? { anonymousId: account.anonymousId } : account
}

/** The id of a visitor who has not signed in, where the client gave one. */
function anonymousClaims(id: string | undefined): { anonymous_id: string } | undefined {
  return id === undefined ? undefined : { anonymous_id: id }
}

function issuedNow(): { [ISSUED_AT_MS]: number } {
  return { [ISSUED_AT_MS]: Date.now() }
}

/** Claims that name the token's owner, for shapes whose `sub` does not. */
function tokenOwnerClaims(account: CommerceAccount): Record<string, unknown> {
  if (isAnonymousAccount(account)) return { anonymous_id: account.anonymousId }
  if (isAgentAccount(account)) return { agent_id: account.accountId }
  return { customer_id: account.accountId, id_company_user: account.companyUser?.id ?? null, ...actorOf(account) }
}

/** Who acts for the customer (RFC 8693 §4.1). */
function actorOf(account: PersonAccount): { act?: Actor; grant_client_id?: string; [ISSUED_AT_MS]?: number } {
  if (isAgentAccount(account)) return {}
  const { delegation } = account
  if (delegation)
    return { act: delegation.act, grant_client_id: delegation.grantClientId, [ISSUED_AT_MS]: delegation.judgedAtMs }
  if (account.actingAgentId === undefined) return {}
  return { act: { sub: agentAccountId(account.actingAgentId) } }
}

/** The single claims that the request asked for userinfo to say: a token says no more there than it was made for. */
function asked({ oidc }: KoaContextWithOIDC): { userinfo_claims?: readonly string[] } {
  const { AuthorizationCode, DeviceCode, RefreshToken } = oidc.entities
  const source = AuthorizationCode ?? DeviceCode ?? RefreshToken
  const { userinfo = {} } = (source?.claims ?? {}) as { userinfo?: object } // as the library has checked it
  const names = SINGLE_CLAIMS.filter((name) => Object.hasOwn(userinfo, name))
  return names.length > 0 ? { userinfo_claims: names } : {}
}

const SINGLE_CLAIMS: readonly string[] = Object.values(CLAIMS_BY_SCOPE).flat()

/** The grant that the token's own ends with. */
function parentOf(ctx: KoaContextWithOIDC, account: CommerceAccount): { parent_gid?: string } {
  const delegation = asCustomerAccount(account)?.delegation
  const { parentGrantId } = delegation ?? grantFacts(ctx.oidc.entities.Grant) ?? {}
  return parentGrantId === undefined ? {} : { parent_gid: parentGrantId }
}

type StructuredToken = { header: Record<string, unknown> | undefined; payload: Record<string, unknown> }
type IssuedToken = { grantId?: string; scope?: string; gty?: string; resourceServer?: { identifier(): string } }
