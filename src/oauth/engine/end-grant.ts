import type { KoaContextWithOIDC } from 'oidc-provider'
import { requestState } from '../../http/request-state.ts'
import type { Artifact } from '../../storage/storage.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'

/** Ends a grant that the library gives up; `known` is the grant, or what was made of it. */
export type EndGrant = (grantId: string, known?: Artifact) => Promise<void>

export type EndGrantDeps = {
  readonly endSignIn: EndSignIn
  readonly requestUnderWay: () => KoaContextWithOIDC | undefined
}

/**
 * The library ends grants for two reasons, which the request under way tells apart: a person signs out of the browser
 * session that a grant belongs to, or a code is used twice.
 */
export function createEndGrant({ endSignIn, requestUnderWay }: EndGrantDeps): EndGrant {
  return async function endGrant(grantId, known = {}) {
    const ctx = requestUnderWay()
    const {
      accountId,
      clientId = ctx?.oidc.client?.clientId,
      companyUserId,
    } = known as Record<string, string | undefined> // texts or absent, as they are stored
    const owner = { accountId, clientId, companyUserId }
    if (!ctx || !isSignOut(ctx)) return endSignIn({ what: { of: 'grant', grantId, ...owner }, why: 'code-reuse' })
    requestState(ctx).hasEndedGrants = true
    const sessionId = clientId && ctx.oidc.session?.sidFor(clientId)
    await endSignIn({ what: { of: 'grant', grantId, ...owner, sessionId }, why: 'sign-out' })
  }
}

/** Ends a browser session through which no client was signed in: no grant tells of it. */
export function endBareSessions({ endSignIn }: Pick<EndGrantDeps, 'endSignIn'>): LibraryMiddleware {
  return async function endBareSession(ctx, next) {
    await next()
    const session = ctx.oidc?.session as EndedSession | undefined // the published type leaves members out
    if (!session?.destroyed || !session.accountId || !isSignOut(ctx) || requestState(ctx).hasEndedGrants) return
    const { id: cookieId, accountId } = session
    await endSignIn({ what: { of: 'session', cookieId, accountId }, why: 'sign-out' })
  }
}

/** Members of a session that its published type leaves out. */
type EndedSession = { readonly id: string; readonly accountId?: string; readonly destroyed?: boolean }

function isSignOut(ctx: KoaContextWithOIDC): boolean {
  // The first of the two where nothing has to be asked.
  return ctx.oidc.route === 'end_session' || ctx.oidc.route === 'end_session_confirm'
}
