import { randomInt } from 'node:crypto'
import type { AccessToken, KoaContextWithOIDC, Provider } from 'oidc-provider'
import introspectionSteps from 'oidc-provider/lib/actions/introspection.js'
import revocationSteps from 'oidc-provider/lib/actions/revocation.js'
import rejectStructuredTokens from 'oidc-provider/lib/shared/reject_structured_tokens.js'
import type { Storage } from '../../storage/storage.ts'
import { isStructured } from '../tokens/structured-tokens.ts'
import type { FindToken } from '../tokens/token-status.ts'

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

export function useOwnEndpoints(provider: Provider, endpoints: Endpoints): void {
  endpointsOf.set(provider, endpoints)
}

/** Lets userinfo find JWT access tokens. They carry the scope `openid`, so their audience includes userinfo. */
export function findStructuredAccessTokens(provider: Provider, findToken: FindToken): void {
  const { AccessToken: Model } = provider
  const findStored = Model.find.bind(Model)
  Object.assign(Model, {
    async find(value: string, options?: { ignoreExpiration?: boolean }) {
      if (typeof value !== 'string' || !isStructured(value)) return findStored(value, options)
      const status = await findToken(value)
      if (!status.isLive || status.token.kind !== 'access-token') return undefined
      const { token } = status
      const fields: Record<string, unknown> = {
        jti: token.jti,
        accountId: token.accountId,
        clientId: token.clientId,
        grantId: token.grantId,
        scope: token.scope,
        iat: token.iat,
        exp: token.exp,
        jkt: token.jkt,
        'x5t#S256': token.certificateThumbprint,
        claims: { userinfo: Object.fromEntries((token.grantedClaims ?? []).map((claim) => [claim, null])) },
      }
      return new Model(fields as unknown as ConstructorParameters<typeof AccessToken>[0])
    },
  })
}

/** Opaque access tokens of 32 characters of a–z and 0–9 (165 bits) where a resource server wants them. */
export function makeShortTokens(provider: Provider, wantsShort: (identifier: string) => boolean): void {
  const prototype = provider.AccessToken.prototype as unknown as { generateTokenId(): string }
  const generate = prototype.generateTokenId
  Object.assign(prototype, {
    generateTokenId(this: AccessToken & { format?: string }) {
      // The library settles the token's format on the way.
      const usual = generate.call(this)
      const identifier = this.resourceServer?.identifier()
      return this.format === 'opaque' && identifier && wantsShort(identifier) ? shortToken() : usual
    },
  })
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

function replaceLastStep(steps: LibraryMiddleware[], name: keyof Endpoints): void {
  const refusal = steps.indexOf(rejectStructuredTokens)
  if (refusal < 0) throw new Error(`oidc-provider's ${name} steps are not what this version of ours was made for`)
  steps.splice(refusal, 1)
  const tail = name === 'revoke' ? 2 : 1
  steps.splice(-tail, tail, (ctx) => {
    const endpoints = endpointsOf.get(ctx.oidc.provider)
    if (!endpoints) throw new Error('this provider was built without its endpoints')
    return endpoints[name](ctx)
  })
}
