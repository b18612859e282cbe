import type { Context } from 'koa'
import type { ClientMetadata } from '../clients/client.ts'
import { factsOf } from '../http/request-facts.ts'
import { type JudgeToken, objectToBearer } from '../oauth/tokens/token-verdict.ts'

/** A client with a token of its own for this server, and the scopes that it has here now. */
export type SignalCaller = { readonly clientId: string; readonly scopes: readonly string[] }

export type AuthorizeDeps = {
  readonly judgeToken: JudgeToken
  /** The audience of tokens for this server itself: the issuer. */
  readonly audience: string
  readonly findClient: (clientId: string) => Promise<ClientMetadata | undefined>
}

/** Undefined when the request is answered already: 401 or 403 (RFC 6750 §3.1). */
export type Authorize = (ctx: Context, oneOf: readonly string[]) => Promise<SignalCaller | undefined>

/**
 * Asks for an access token of the client itself, in the Authorization header alone, with one of these scopes. A scope that was
 * taken from the client since the token was made does not count.
 */
export function createAuthorize({ judgeToken, audience, findClient }: AuthorizeDeps): Authorize {
  return async function authorize(ctx, oneOf) {
    const bearer = bearerOf(ctx)
    if (bearer === undefined) {
      challenge(ctx, { status: 401, error: 'invalid_token', description: 'an access token is needed' }, true)
      return undefined
    }
    const verdict = await judgeToken(bearer, { asker: 'signals', objection: objectToBearer })
    if (!verdict.works) {
      challenge(ctx, { status: 401, error: 'invalid_token', description: 'the access token does not work' })
      return undefined
    }
    const { clientId, kind, audience: madeFor, scope = '' } = verdict.token
    factsOf(ctx).clientId = clientId
    const isOwn = kind === 'client-credentials' && madeFor === audience
    const given = isOwn ? ((await findClient(clientId))?.resource_scopes ?? []) : []
    const scopes = scope.split(' ').filter((name) => given.includes(name))
    if (oneOf.some((name) => scopes.includes(name))) return { clientId, scopes }
    const description = `a token of the client itself is needed, made for ${audience} with the scope ${oneOf.join(' or ')}`
    challenge(ctx, { status: 403, error: 'insufficient_scope', description, scope: oneOf.join(' ') })
    return undefined
  }
}

/** The token of the Authorization header (RFC 6750 §2.1); undefined for other schemes. */
export function bearerOf(ctx: Context): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(ctx.get('Authorization'))?.[1]
}

type Refusal = {
  readonly status: number
  readonly error: string
  readonly description: string
  readonly scope?: string
}

/** A request that brings no credential learns no more than which kind is needed (RFC 6750 §3.1). */
function challenge(ctx: Context, { status, error, description, scope }: Refusal, isBare = false): void {
  const said = isBare ? '' : ` error="${error}", error_description="${description}"${scope ? `, scope="${scope}"` : ''}`
  ctx.set('WWW-Authenticate', `Bearer${said}`)
  refuse(ctx, status, error, description)
}

export function refuse(ctx: Context, status: number, error: string, description: string): void {
  ctx.status = status
  ctx.body = { error, error_description: description }
}
