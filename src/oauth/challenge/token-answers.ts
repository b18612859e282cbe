import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { requestState } from '../../http/request-state.ts'
import { parametersOf } from '../library-values.ts'
import { authSessionOf, NO_REDIRECT } from './mint-code.ts'

/**
 * A step of the token endpoint: a code that an app got without a browser is redeemed without a redirect, and its answer has the
 * `auth_session` that came with the code. Codes of a browser have a redirect, and need it.
 */
export async function redeemWithoutRedirect(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const params = parametersOf(ctx)
  const { grant_type: grantType, code, redirect_uri: redirectUri } = params
  if (grantType !== 'authorization_code' || typeof code !== 'string') return next()
  if (redirectUri === NO_REDIRECT) throw new errors.InvalidGrant('authorization code redirect_uri mismatch')
  if (redirectUri === undefined) {
    if (await isWithoutRedirect(ctx, code)) params.redirect_uri = NO_REDIRECT
    // The library would fill in the only address of the client: two kinds of codes would do for each other.
    else if (ctx.oidc.client?.authorization_challenge === true)
      throw new errors.InvalidGrant('authorization code redirect_uri mismatch')
  }
  await next()
  const authSession = authSessionOf(ctx.oidc.entities.AuthorizationCode)
  // The library's answer, which has tokens now.
  if (authSession !== undefined) Object.assign(ctx.body as object, { auth_session: authSession })
}

async function isWithoutRedirect({ oidc }: KoaContextWithOIDC, code: string): Promise<boolean> {
  const found = await oidc.provider.AuthorizationCode.find(code, { ignoreExpiration: true })
  return found?.redirectUri === NO_REDIRECT
}

/** Adds to a 403 of the token endpoint what the app needs to go on: the library's errors have no such members. */
export function nameMissingSteps(): LibraryMiddleware {
  return async function nameMissing(ctx, next) {
    await next()
    const { missingSteps } = requestState(ctx)
    const { body } = ctx
    const isJson = typeof body === 'object' && body !== null && 'error' in body
    if (missingSteps && ctx.status === 403 && isJson) Object.assign(body, missingSteps)
  }
}
