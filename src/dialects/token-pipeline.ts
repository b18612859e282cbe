import type { Context, Middleware } from 'koa'
import { requestState } from '../http/request-state.ts'
import type { CustomerAccount } from '../oauth/accounts/account.ts'
import type { AgentAccount } from '../oauth/accounts/agent-account.ts'
import type { AnonymousAccount } from '../oauth/accounts/anonymous-account.ts'
import { companyUserOf, type DialectSession, dialectSessionOf, issuedIn } from '../oauth/accounts/grant-facts.ts'
import type { EndpointAnswer, Issued, IssuedTokens, OAuthFailure, OAuthParameters } from './issued.ts'
import { becomeTokenRequest } from './token-request.ts'

/** What the pipeline says about its own answer, and to browsers. */
const ANSWERS = [
  'WWW-Authenticate',
  'Content-Type',
  'Content-Length',
  'Retry-After',
  'Access-Control-Allow-Origin',
  'Access-Control-Expose-Headers',
]

export type RunTokenPipeline = (ctx: Context, parameters: OAuthParameters, needs?: TokenNeeds) => Promise<Issued>

/** What an endpoint's answer must have, whatever the grant gives otherwise. */
export type TokenNeeds = {
  readonly needsRefreshToken?: boolean | undefined
  /** What is kept with a sign-in that begins, and said by the tokens of this request. */
  readonly session?: DialectSession
  /** An answer is not given twice: of two refreshes with one token, the second is refused, and the first goes on. */
  readonly refusesRepeats?: boolean
}

/**
 * Asks for tokens within the request under way. The pipeline sees a context of its own over the same request, so it
 * can be asked more than once; what it wrote into the answer is taken out again, but for headers that forbid caching.
 */
export function createTokenPipeline(pipeline: Middleware): RunTokenPipeline {
  return async (outer, parameters, { needsRefreshToken = false, refusesRepeats = false, session } = {}) => {
    const state = requestState(outer)
    Object.assign(state, { needsRefreshToken, refusesRepeats, dialectSession: session })
    const answer = await ask(
      pipeline,
      outer,
      { endpoint: '/token', parameters },
      (ctx, body): Issued =>
        ctx.status === 200
          ? { outcome: 'issued', tokens: issued(ctx, body) }
          : { outcome: 'refused', failure: failure(ctx, body) },
    )
    if (answer.outcome === 'issued') {
      state.issuedTokens = [...(state.issuedTokens ?? []), answer.tokens.accessToken]
    }
    return answer
  }
}

/** Asks another endpoint in the same way; the client's id and secret are among the parameters. */
export function askWithin(
  pipeline: Middleware,
  outer: Context,
  endpoint: '/introspect' | '/revoke',
  parameters: Readonly<Record<string, string>>,
): Promise<EndpointAnswer> {
  return ask(pipeline, outer, { endpoint, parameters }, ({ status }, body) => ({ status, body }))
}

type Asked = {
  readonly endpoint: '/token' | '/introspect' | '/revoke'
  readonly parameters: Readonly<Record<string, string | undefined>>
}

async function ask<T>(
  pipeline: Middleware,
  outer: Context,
  { endpoint, parameters }: Asked,
  read: (ctx: Context, body: Record<string, unknown>) => T,
): Promise<T> {
  const { method, url, headers } = outer.req
  const before = { method, url, headers: { ...headers } }
  // A context over the outer one is a context.
  const ctx = Object.create(outer, { state: { value: { ...outer.state }, writable: true } }) as Context
  becomeTokenRequest(ctx, parameters, endpoint)
  try {
    await pipeline(ctx, async () => {})
    return read(ctx, (ctx.body ?? {}) as Record<string, unknown>) // both endpoints answer with a JSON object
  } finally {
    Object.assign(outer.req, { method: before.method, url: before.url })
    replaceMembers(headers, before.headers)
    clearAnswer(outer)
  }
}

function issued(ctx: Context, body: Record<string, unknown>): IssuedTokens {
  const companyUserId = companyUserOf(ctx)
  const { account, jti, clientId, refreshExpiresIn } = issuedIn(ctx)
  // An account is of one kind, and has only its members.
  const { customer, companyUser } = (account ?? {}) as Partial<CustomerAccount>
  const { agent } = (account ?? {}) as Partial<AgentAccount> // as above
  const { anonymousId } = (account ?? {}) as Partial<AnonymousAccount> // as above
  return {
    accessToken: String(body.access_token),
    ...(typeof body.refresh_token === 'string' && { refreshToken: body.refresh_token }),
    ...(typeof body.id_token === 'string' && { idToken: body.id_token }),
    ...(typeof body.scope === 'string' && { scope: body.scope }),
    expiresIn: Number(body.expires_in),
    clientId,
    ...(jti !== undefined && { jti }),
    ...(customer && { customer }),
    ...(companyUser && { companyUser }),
    ...(companyUserId !== undefined && { companyUserId }),
    ...(agent && { agent }),
    ...(requestState(ctx).repeatsAnswer && { isRepeated: true }),
    ...(anonymousId !== undefined && { anonymousId }),
    ...(refreshExpiresIn !== undefined && { refreshExpiresIn }),
    session: dialectSessionOf(ctx),
  }
}

function failure(ctx: Context, body: Record<string, unknown>): OAuthFailure {
  const state = requestState(ctx)
  const { authentication, grantHasEnded = false, isCustomerServiceAway = authentication?.isServiceAway } = state
  const retryAfter = ctx.response.get('Retry-After')
  return {
    error: typeof body.error === 'string' ? body.error : 'server_error',
    ...(typeof body.error_description === 'string' && { description: body.error_description }),
    status: typeof body.error === 'string' ? ctx.status : 500,
    ...(authentication && { authentication }),
    ...(grantHasEnded && { hasEnded: true }),
    ...(isCustomerServiceAway && { isCustomerServiceAway }),
    ...(retryAfter && { retryAfterSeconds: Number(retryAfter) }),
  }
}

function clearAnswer(ctx: Context): void {
  ctx.body = null
  ctx.status = 404
  // Koa sets status 200 for a body only while no status was set: reset it for the next run and for the endpoint.
  Object.assign(ctx.response, { _explicitStatus: false })
  for (const name of ANSWERS) ctx.remove(name)
}

function replaceMembers(target: Record<string, unknown>, members: Record<string, unknown>): void {
  for (const name of Object.keys(target)) if (!(name in members)) delete target[name]
  Object.assign(target, members)
}
