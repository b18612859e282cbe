import type { Middleware } from 'koa'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { type UpstreamSession, upstreamOf } from './upstream-sessions.ts'

/** Where a browser goes to sign out at the provider too, before it goes on to `next`; undefined where it does not. */
export type LeadElsewhere = (upstream: UpstreamSession, next: string) => Promise<string | undefined>

const ROUTES = new Set(['end_session', 'end_session_confirm'])

/** After a sign-out here, leads by way of the provider that the session came of. */
export function signOutElsewhere(leadElsewhere: LeadElsewhere): Middleware {
  return async function leadOn(ctx, next) {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC> // the library adds it on its own routes
    if (!oidc || !ROUTES.has(oidc.route) || ctx.status !== 303) return
    const session = oidc.session as { readonly destroyed?: boolean } | undefined // the published type leaves it out
    const upstream = session?.destroyed ? upstreamOf(session) : undefined
    const elsewhere = upstream && (await leadElsewhere(upstream, ctx.response.get('Location')))
    if (elsewhere === undefined) return
    ctx.redirect(elsewhere)
    ctx.status = 303
  }
}
