import compose from 'koa-compose'
import { errors, type KoaContextWithOIDC, type Provider, type TokenEndpointGrantContext } from 'oidc-provider'
import als from 'oidc-provider/lib/helpers/als.js'
import instance from 'oidc-provider/lib/helpers/weak_cache.js'
import assembleParams from 'oidc-provider/lib/shared/assemble_params.js'
import clientAuthSteps from 'oidc-provider/lib/shared/client_auth.js'
import getErrorHandler from 'oidc-provider/lib/shared/error_handler.js'
import noCache from 'oidc-provider/lib/shared/no_cache.js'
import rejectDupes from 'oidc-provider/lib/shared/reject_dupes.js'
import { urlencoded } from 'oidc-provider/lib/shared/selective_body.js'
import { parametersOf } from '../library-values.ts'
import { invalidSession } from './answer.ts'
import type { AuthSession, AuthSessions } from './auth-sessions.ts'
import { ROUND_PARAMETERS, STEP_PARAMETERS } from './request.ts'

export const CHALLENGE_PATH = '/authorize-challenge'
/** The name of the library's event for a request that was refused. */
export const CHALLENGE_ERROR = 'authorization_challenge.error'

const NAME = 'authorization_challenge'
const PREFLIGHT_SECONDS = '3600'
const PARAMETERS: ReadonlySet<string> = new Set([
  ...ROUND_PARAMETERS,
  ...STEP_PARAMETERS,
  ...['auth_session', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
])

export type ChallengeEndpoint = {
  readonly sessions: Pick<AuthSessions, 'open'>
  readonly answer: (ctx: TokenEndpointGrantContext, opened: Required<AuthSession> | undefined) => Promise<void>
  /** Whether a client that shows own screens lists a web origin: for preflights, which name no client. */
  readonly isListedOrigin: (origin: string) => Promise<boolean>
  /** Whether this client lists it. */
  readonly allowsOrigin: (clientId: string, origin: string) => Promise<boolean>
}

/**
 * Adds the endpoint to the library's routes: the client proves who it is as at the token endpoint, errors are answered as there, and a
 * DPoP proof is for this very address.
 */
export function serveChallenges(provider: Provider, endpoint: ChallengeEndpoint): void {
  const { router } = instance(provider)
  const opened = new WeakMap<object, Required<AuthSession>>()

  /** The value that goes on with a sign-in names the client as well. */
  async function openSession(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    const params = parametersOf(ctx)
    const { auth_session: value } = params
    if (value === undefined) return next()
    const found = typeof value === 'string' ? await endpoint.sessions.open(value) : undefined
    if (!found) throw invalidSession()
    opened.set(ctx, found)
    const isNamed = [params.client_id, params.client_assertion].some((given) => given !== undefined)
    if (!isNamed && ctx.get('Authorization') === '') params.client_id = found.kept.record.clientId
    await next()
  }

  async function shareWithOrigin(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
    const origin = ctx.get('Origin')
    if (origin === '') return next()
    ctx.vary('Origin')
    if (!(await endpoint.allowsOrigin(String(ctx.oidc.client?.clientId), origin)))
      throw new errors.InvalidRequest(`the origin ${origin} may not show sign-in screens of this client`)
    ctx.set('Access-Control-Allow-Origin', origin)
    ctx.set('Access-Control-Expose-Headers', 'DPoP-Nonce, Retry-After, WWW-Authenticate')
    await next()
  }

  /** Pages may ask only with a DPoP proof: the browser says so beforehand. */
  async function answerPreflight(ctx: KoaContextWithOIDC): Promise<void> {
    const origin = ctx.get('Origin')
    const headers = ctx.get('Access-Control-Request-Headers').toLowerCase().split(/[ ,]+/)
    ctx.status = 204
    ctx.vary('Origin')
    if (ctx.get('Access-Control-Request-Method') !== 'POST') ctx.set('Allow', 'OPTIONS, POST')
    else if (headers.includes('dpop') && (await endpoint.isListedOrigin(origin))) {
      ctx.set({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Methods': 'POST',
        'Access-Control-Allow-Headers': 'Content-Type, DPoP',
        'Access-Control-Max-Age': PREFLIGHT_SECONDS,
      })
    }
  }

  const inContext = ownContext(provider)
  const steps = [
    inContext,
    getErrorHandler(CHALLENGE_ERROR),
    noCache,
    urlencoded,
    (ctx: KoaContextWithOIDC, next: () => Promise<void>) => assembleParams(PARAMETERS, ctx, next),
    (ctx: KoaContextWithOIDC, next: () => Promise<void>) => rejectDupes({}, ctx, next),
    openSession,
    ...clientAuthSteps,
    shareWithOrigin,
    (ctx: TokenEndpointGrantContext) => endpoint.answer(ctx, opened.get(ctx)),
  ]
  router.post(NAME, CHALLENGE_PATH, compose(steps as never[])) // their context is the library's
  router.options(`cors.${NAME}`, CHALLENGE_PATH, compose([inContext, answerPreflight] as never[])) // as above
}

/** The library's own context of a request, as its routes have it. */
function ownContext(provider: Provider): LibraryMiddleware {
  // Not in the published type.
  const { OIDCContext } = provider as unknown as { OIDCContext: new (ctx: object) => object }
  return function enterContext(ctx, next) {
    let own: object | undefined
    Object.defineProperty(ctx, 'oidc', {
      get() {
        own ??= new OIDCContext(ctx)
        return own
      },
    })
    return als.run(ctx, next)
  }
}
