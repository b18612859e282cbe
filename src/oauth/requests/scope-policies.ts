import { type AccessToken, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { ResourceServer } from '../../clients/resource-servers.ts'
import { meets } from '../accounts/acr.ts'
import { type AuthenticationClaims, authenticationOf } from '../accounts/authentication.ts'

type Policed = Pick<ResourceServer, 'scope_policies'>
type FindResourceServer = (identifier: string) => Promise<Policed | undefined>

/** What the sign-in of a request must be like, for the scopes that it asks for. */
export type SignInDemand = { readonly minAcr?: string; readonly maxAgeSeconds?: number }

/** The strictest of the policies of these scopes. */
export function demandOf(servers: readonly Policed[], scopes: ReadonlySet<string>): SignInDemand {
  const policies = servers.flatMap(({ scope_policies = {} }) =>
    Object.entries(scope_policies).flatMap(([scope, policy]) => (scopes.has(scope) ? [policy] : [])),
  )
  const strengths = policies.flatMap(({ min_acr }) => min_acr ?? [])
  const minAcr = strengths.reduce<string | undefined>((most, acr) => (covers(acr, most) ? acr : most), undefined)
  const ages = policies.flatMap(({ max_token_age }) => max_token_age ?? [])
  return { ...(minAcr !== undefined && { minAcr }), ...(ages.length > 0 && { maxAgeSeconds: Math.min(...ages) }) }
}

/** The same of a request whose resource servers are known. */
export async function demandOfRequest({ oidc }: KoaContextWithOIDC): Promise<SignInDemand> {
  const find = findersOf.get(oidc.provider)
  const asked = Object.entries(oidc.resourceServers ?? {})
  const servers = await Promise.all(asked.map(([identifier]) => find?.(identifier)))
  const available = asked.flatMap(([, { scopes }]) => [...scopes].filter((each) => oidc.requestParamScopes.has(each)))
  return demandOf(
    servers.filter((each) => each !== undefined),
    new Set(available),
  )
}

type SignInParams = { acr_values?: unknown; max_age?: unknown }

/**
 * An authorization request as if it had asked for this by itself (RFC 9470 §4): the steps and pages that answer `acr_values` and `max_age`
 * then answer the policy. What the request asks for beyond it stays.
 */
export function withDemand(params: SignInParams, { minAcr, maxAgeSeconds }: SignInDemand): SignInParams {
  const values = typeof params.acr_values === 'string' ? params.acr_values.split(' ') : []
  const strong = values.filter((value) => value !== minAcr && covers(value, minAcr))
  const asked = params.max_age === undefined ? Number.POSITIVE_INFINITY : Number(params.max_age)
  return {
    // A passkey that was wished for stays a wish: a person who has none can do with what the policy wants.
    ...(minAcr !== undefined && { acr_values: [...strong, minAcr].join(' ') }),
    ...(maxAgeSeconds !== undefined && maxAgeSeconds < asked && { max_age: String(maxAgeSeconds) }),
  }
}

/** Whether an `acr` is another one or a stronger one. */
function covers(acr: string | undefined, other: string | undefined): boolean {
  return other === undefined || meets(acr, { values: [other], isEssential: true })
}

/** Those scopes whose policy a sign-in meets now. One of which nothing is known meets none. */
export function scopesMet(
  { scope_policies = {} }: Policed,
  scopes: readonly string[],
  { acr, auth_time }: AuthenticationClaims,
): string[] {
  const nowSeconds = Math.floor(Date.now() / 1000)
  return scopes.filter((scope) => {
    const policy = Object.hasOwn(scope_policies, scope) ? scope_policies[scope] : undefined
    if (!policy) return true
    const isYoung = auth_time !== undefined && nowSeconds - auth_time <= Number(policy.max_token_age)
    return covers(acr, policy.min_acr) && (policy.max_token_age === undefined || isYoung)
  })
}

/**
 * Takes the scopes out of an authorization request whose policy its person cannot meet, before they are asked to allow them.
 *
 * @throws {UnmetAuthenticationRequirements} RFC 9470 §4, where no scope is left.
 */
export async function dropUnmetScopes({ oidc }: KoaContextWithOIDC, how: AuthenticationClaims): Promise<void> {
  const { params, requestParamScopes, resourceServers = {} } = oidc
  const find = findersOf.get(oidc.provider)
  const servers = await Promise.all(Object.keys(resourceServers).map((identifier) => find?.(identifier)))
  const asked = [...requestParamScopes]
  const left = servers.reduce<string[]>((scopes, server) => (server ? scopesMet(server, scopes, how) : scopes), asked)
  if (!params || left.length === asked.length) return
  if (left.length === 0) {
    throw new errors.UnmetAuthenticationRequirements('the person cannot sign in as strongly as the scope demands')
  }
  params.scope = left.join(' ')
}

const findersOf = new WeakMap<object, FindResourceServer>()

/**
 * Holds the policies wherever an access token of a person is issued: by a code, a refresh, an exchange, or a grant type to come. The token has the
 * scopes whose policy its sign-in meets, and the answer says so.
 */
export function holdScopePolicies(provider: Provider, findResourceServer: FindResourceServer): void {
  findersOf.set(provider, findResourceServer)
  const { save } = provider.AccessToken.prototype
  Object.assign(provider.AccessToken.prototype, {
    async save(this: AccessToken) {
      const ctx = Provider.ctx
      if (ctx) await keepToScopePolicies(ctx, this)
      return save.call(this)
    },
  })
}

/**
 * Leaves an access token that is about to be issued the scopes whose policy its sign-in meets, for as long as it meets them. Saving it does the same: who stores
 * something else beside it, or does what cannot be undone, asks first.
 *
 * @throws {InvalidScope} where none is left.
 */
export async function keepToScopePolicies(ctx: KoaContextWithOIDC, token: AccessToken): Promise<void> {
  const identifier = token.resourceServer?.identifier()
  if (identifier === undefined || !token.scope) return
  const met = await scopesThatMeet(ctx, identifier, token.scope.split(' '))
  token.scope = met.join(' ')
  const server = await findersOf.get(ctx.oidc.provider)?.(identifier)
  const leftSeconds = server ? secondsLeft(server, met, authenticationOf(ctx)) : Number.POSITIVE_INFINITY
  if (leftSeconds < token.expiration) Object.assign(token, { expiresIn: leftSeconds })
}

/** For how long a sign-in is recent enough for all of these scopes, each of whose policies it meets now. */
function secondsLeft(
  { scope_policies = {} }: Policed,
  scopes: readonly string[],
  { auth_time: authTime = 0 }: AuthenticationClaims,
): number {
  const ends = scopes.flatMap((scope) => {
    const age = Object.hasOwn(scope_policies, scope) ? scope_policies[scope]?.max_token_age : undefined
    return age === undefined ? [] : [authTime + age]
  })
  return Math.max(1, Math.min(...ends) - Math.floor(Date.now() / 1000))
}

/** The same before there is a token: of these scopes at a resource server, those that the request's tokens can have. */
export async function scopesThatMeet(
  ctx: KoaContextWithOIDC,
  identifier: string,
  scopes: readonly string[],
): Promise<readonly string[]> {
  const server = await findersOf.get(ctx.oidc.provider)?.(identifier)
  if (!server?.scope_policies || scopes.length === 0) return scopes
  const met = scopesMet(server, scopes, authenticationOf(ctx))
  if (met.length > 0) return met
  throw new errors.InvalidScope('the sign-in is not as strong or as recent as the scope demands', scopes.join(' '))
}
