import type { Middleware } from 'koa'
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type { ProtocolPages } from './pages.ts'
import { describeClient } from './ways-out.ts'

type RpInitiatedLogout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>

/** RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0) with our pages. */
export function signOutPages(pages: ProtocolPages): RpInitiatedLogout {
  return {
    enabled: true,
    logoutSource: async (ctx, form) => {
      pages.renderLogout(ctx, form, ctx.oidc.session?.state?.postLogoutRedirectUri !== undefined)
    },
    postLogoutSuccessSource: async (ctx) =>
      pages.renderSignedOut(ctx, ctx.oidc.client && describeClient(ctx.oidc.client)),
  }
}

/** The page after a sign-out leads back to the client that asked for it; the library forgets which one that was. */
export function rememberClientAfterSignOut(provider: Provider): Middleware {
  return async function rememberClient(ctx, next) {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC> // the library adds it on its own routes
    if (oidc?.route !== 'end_session_confirm' || !oidc.client) return
    const location = URL.parse(ctx.response.get('Location'))
    if (location?.pathname !== provider.pathFor('end_session_success')) return
    location.searchParams.set('client_id', oidc.client.clientId)
    ctx.redirect(location.href)
    ctx.status = 303
  }
}
