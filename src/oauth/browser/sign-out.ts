import type { Configuration } from 'oidc-provider'
import type { ProtocolPages } from './pages.ts'

type RpInitiatedLogout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>

/** RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0) with our pages. */
export function signOutPages(pages: ProtocolPages): RpInitiatedLogout {
  return {
    enabled: true,
    logoutSource: async (ctx, form) => {
      pages.renderLogout(ctx, form, ctx.oidc.session?.state?.postLogoutRedirectUri !== undefined)
    },
    postLogoutSuccessSource: async (ctx) => pages.renderSignedOut(ctx, ctx.oidc.client?.clientName),
  }
}
