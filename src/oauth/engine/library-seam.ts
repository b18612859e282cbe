import { randomInt, randomUUID } from 'node:crypto'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import authorizationSteps from 'oidc-provider/lib/actions/authorization/index.js'
import { checkOpenidScope } from 'oidc-provider/lib/actions/authorization/scopes.js'
import { init as endSessionSteps } from 'oidc-provider/lib/actions/end_session.js'
import introspectionSteps from 'oidc-provider/lib/actions/introspection.js'
import revocationSteps from 'oidc-provider/lib/actions/revocation.js'
import tokenSteps from 'oidc-provider/lib/actions/token.js'
import userinfoSteps from 'oidc-provider/lib/actions/userinfo.js'
import als from 'oidc-provider/lib/helpers/als.js'
import Params from 'oidc-provider/lib/helpers/params.js'
import instance from 'oidc-provider/lib/helpers/weak_cache.js'
import clientAuthSteps, { getClientAuthParams } from 'oidc-provider/lib/shared/client_auth.js'
import handleErrors from 'oidc-provider/lib/shared/error_handler.js'
import rejectStructuredTokens from 'oidc-provider/lib/shared/reject_structured_tokens.js'
import type { Storage } from '../../storage/storage.ts'
import type { CommerceAccount } from '../accounts/account.ts'
import { endWithoutSession } from '../browser/sign-out.ts'
import { redeemWithoutRedirect } from '../challenge/token-answers.ts'
import { makeIds, newAccessToken } from '../library-values.ts'
import type { AddClientEndpoint } from '../mandates/hold-endpoints.ts'
import type { FoundToken } from '../tokens/found-token.ts'
import type { Refusal } from '../tokens/refusals.ts'
import { isStructured } from '../tokens/structured-tokens.ts'
import type { JudgeToken } from '../tokens/token-verdict.ts'
import { ignoreUnrelatedHeader } from './authorization-header.ts'
import { refuseWeakProofs } from './fapi-proofs.ts'
import { refuseEndedGrants } from './grant-sunsets.ts'

type Endpoint = (ctx: KoaContextWithOIDC) => Promise<void>
type Endpoints = { readonly introspect: Endpoint; readonly revoke: Endpoint }

/**
 * oidc-provider refuses JWT access tokens at introspection and revocation, and knows only stored ones at userinfo.
 * This is the one place that reaches into it: of the two endpoints' steps the refusal is dropped and the last step
 * becomes ours, once per process; client authentication, CORS, parsing and errors stay the library's. The library is
 * pinned to one exact version, and the tests of these endpoints hold the seam.
 */
const endpointsOf = new WeakMap<object, Endpoints>()
replaceLastStep(introspectionSteps, 'introspect')
replaceLastStep(revocationSteps, 'revoke')
// The steps of clients' authentication last: those of pushed requests and devices are copied from them later.
for (const steps of [tokenSteps, introspectionSteps, revocationSteps, clientAuthSteps]) lookAtHeaderFirst(steps)
// The last step of the token endpoint runs the grant.
tokenSteps.splice(-1, 0, refuseEndedGrants, refuseWeakProofs, redeemWithoutRedirect)
// That of pushed requests stores one.
authorizationSteps('pushed_authorization_request').splice(-1, 0, refuseWeakProofs)
// That of userinfo answers.
userinfoSteps.splice(-1, 0, refuseWeakProofs)
// The last step of a sign-out asks whether to.
endSessionSteps.splice(-1, 0, endWithoutSession)
for (const endpoint of ['authorization', 'device_authorization', 'pushed_authorization_request'] as const) {
  letStepUpWithoutOpenId(authorizationSteps(endpoint))
}

export function useOwnEndpoints(provider: Provider, endpoints: Endpoints): void {
  endpointsOf.set(provider, endpoints)
}

/** An endpoint of ours, with a JSON body, at which the library checks who the client is. */
export const addClientEndpoint: AddClientEndpoint = (provider, { name, path, readBody, handle }) => {
  // Not in the published type.
  const { OIDCContext } = provider as unknown as { OIDCContext: new (ctx: object) => OwnContext }
  const steps: LibraryMiddleware[] = [
    (ctx, next) => {
      const oidc = new OIDCContext(ctx)
      // The library does not know that the path has names in it, which it would miss.
      const audiences = () => new Set([oidc.issuer, oidc.urlFor('token'), oidc.urlFor(name, ctx.params)])
      Object.assign(oidc, { clientJwtAuthExpectedAudience: audiences })
      Object.defineProperty(ctx, 'oidc', { get: () => oidc })
      return als.run(ctx, next)
    },
    handleErrors('mandate.error'),
    async (ctx) => {
      ctx.set('Cache-Control', 'no-store')
      const body = await readBody(ctx)
      if (body === undefined) return
      const names = getClientAuthParams(ctx)
      const proofs = Object.entries(body).filter(([member, value]) => names.has(member) && typeof value === 'string')
      Object.assign(ctx.oidc, { body: {}, params: new Params(names, Object.fromEntries(proofs)) })
      await inOrder(clientAuthSteps, ctx)
      await handle(ctx, body)
    },
  ]
  instance(provider).router.post(name, path, (ctx: KoaContextWithOIDC) => inOrder(steps, ctx))
}

/** The members of the library's context that are read here. */
type OwnContext = { readonly issuer: string; urlFor(name: string, params?: object): string }

/** Runs steps of the library, each around those after it. */
async function inOrder([step, ...others]: readonly LibraryMiddleware[], ctx: KoaContextWithOIDC): Promise<void> {
  await step?.(ctx, () => inOrder(others, ctx))
}

/**
 * Puts our verdict on a token in place of the library's own look at userinfo, its one user of this. The audience of access
 * tokens with the scope `openid` includes userinfo; of JWTs the library knows nothing.
 */
export function judgeAccessTokens(provider: Provider, judgeToken: JudgeToken): void {
  const { AccessToken: Model } = provider
  const findStored = Model.find.bind(Model)
  Object.assign(Model, {
    async find(value: string, options?: { ignoreExpiration?: boolean }) {
      const [verdict, stored] = await Promise.all([
        judgeToken(value, { asker: 'userinfo', objection: objectAtUserinfo }),
        isStructured(value) ? undefined : findStored(value, options),
      ])
      if (!verdict.works) return undefined
      const found = stored ?? newAccessToken(provider, fieldsOf(verdict.token))
      // An opaque token is stored with its audience, and has userinfo in it as a JWT does.
      Object.assign(found, { aud: undefined })
      if (verdict.account) accountOf.set(found, verdict.account)
      return found
    },
  })
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** The methods that the library has a route for at a path. */
export function methodsAt(provider: Provider, path: string): string[] {
  const { router } = instance(provider)
  return METHODS.filter((method) => router.match(method, path) !== undefined)
}

const accountOf = new WeakMap<object, CommerceAccount>()

/** Whose access token it is, where the verdict on it said so already. */
export function judgedAccount(token: object | undefined): CommerceAccount | undefined {
  return token && accountOf.get(token)
}

/** A client that got the token by a trade has no business with the account of the person. */
function objectAtUserinfo({ kind, grantClientId }: FoundToken): Refusal | undefined {
  if (kind !== 'access-token') return 'wrong-kind'
  return grantClientId === undefined ? undefined : 'caller-not-entitled'
}

/** A JWT access token in the library's fields. */
function fieldsOf(token: FoundToken): Record<string, unknown> {
  return {
    jti: token.jti,
    accountId: token.accountId,
    clientId: token.clientId,
    grantId: token.grantId,
    scope: token.scope,
    iat: token.iat,
    exp: token.exp,
    jkt: token.jkt,
    'x5t#S256': token.certificateThumbprint,
    claims: { userinfo: Object.fromEntries((token.askedClaims ?? []).map((claim) => [claim, null])) },
  }
}

/** Opaque access tokens of 32 characters of a–z and 0–9 (165 bits) where a resource server wants them. */
export function makeShortTokens(provider: Provider, wantsShort: (identifier: string) => boolean): void {
  makeIds(provider.AccessToken.prototype, (token, usual) => {
    // The library settles the token's format on the way.
    const id = usual()
    const identifier = token.resourceServer?.identifier()
    return token.format === 'opaque' && identifier && wantsShort(identifier) ? shortToken() : id
  })
}

/**
 * The id of a JWT is a UUID, as the services of some shops read it (RFC 7519 §4.1.7 asks for any text that is unique). It is no
 * bearer value: an opaque token, which is its own id, keeps the library's.
 */
export function giveUuidsToJwts({ AccessToken, ClientCredentials }: Provider): void {
  for (const { prototype } of [AccessToken, ClientCredentials]) {
    makeIds(prototype, (token, usual) => {
      // The library settles the token's format on the way.
      const id = usual()
      return token.format === 'jwt' ? randomUUID() : id
    })
  }
}

/** Authorization codes of twice the length for clients that want them. */
export function makeLongCodes({ AuthorizationCode }: Provider): void {
  makeIds(AuthorizationCode.prototype, ({ client }, usual) =>
    client?.long_codes === true ? `${usual()}${usual()}` : usual(),
  )
}

/** Refresh tokens of our own making: short, and recognisable as ours without a look at storage. */
export function makeRefreshTokens(provider: Provider, first: () => string): void {
  Object.assign(provider.RefreshToken.prototype, { generateTokenId: first })
}

/** Replay detection with one winner however many nodes race; the library's own looks first and writes later. */
export function detectReplaysAtomically(provider: Provider, storage: Storage): void {
  Object.assign(provider.ReplayDetection, {
    async unique(issuer: string, jti: string, exp: number): Promise<boolean> {
      const ttlSeconds = Math.max(1, exp - Math.floor(Date.now() / 1000))
      return storage.putOnce('ReplayDetection', `${issuer} ${jti}`, { exp }, ttlSeconds)
    },
  })
}

const SHORT_LENGTH = 32
const SHORT_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

function shortToken(): string {
  return Array.from({ length: SHORT_LENGTH }, () => SHORT_ALPHABET[randomInt(SHORT_ALPHABET.length)]).join('')
}

/** The library's last step of client authentication reads the header. */
function lookAtHeaderFirst(steps: LibraryMiddleware[]): void {
  const reader = clientAuthSteps.at(-1)
  const place = reader ? steps.indexOf(reader) : -1
  if (place < 0) throw new Error("oidc-provider's client authentication is not what this version of ours was made for")
  steps.splice(place, 0, ignoreUnrelatedHeader)
}

/**
 * How strongly and how lately a person signed in is a matter of any OAuth request (RFC 9470 §4), as is what the client's metadata say of
 * it. The library would refuse these parameters without the scope `openid`.
 */
function letStepUpWithoutOpenId(steps: LibraryMiddleware[]): void {
  const place = steps.indexOf(checkOpenidScope)
  if (place < 0) throw new Error("oidc-provider's authorization is not what this version of ours was made for")
  steps.splice(place, 1, ({ oidc }, next) => {
    const { provider, route, params } = oidc
    const shown = {
      oidc: { provider, route, client: {}, params: { ...params, acr_values: undefined, max_age: undefined } },
    }
    return checkOpenidScope(shown as unknown as KoaContextWithOIDC, next) // it reads these four
  })
}

function replaceLastStep(steps: LibraryMiddleware[], name: keyof Endpoints): void {
  const refusal = steps.indexOf(rejectStructuredTokens)
  if (refusal < 0) throw new Error(`oidc-provider's ${name} steps are not what this version of ours was made for`)
  steps.splice(refusal, 1)
  // With the last step goes the one before: of introspection it signs the answer, in the name of the token's audience.
  const tail = 2
  steps.splice(-tail, tail, (ctx) => {
    const endpoints = endpointsOf.get(ctx.oidc.provider)
    if (!endpoints) throw new Error('this provider was built without its endpoints')
    return endpoints[name](ctx)
  })
}
