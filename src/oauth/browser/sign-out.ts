import type { Middleware } from 'koa'
import type { Client, Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { confirm } from 'oidc-provider/lib/actions/end_session.js'
import type { ProtocolPages } from './pages.ts'
import { describeClient } from './ways-out.ts'

type RpInitiatedLogout = NonNullable<NonNullable<Configuration['features']>['rpInitiatedLogout']>

/** What the library keeps in the session between the question and its answer, and what we add. */
type SignOutState = {
  clientId?: string | undefined
  state?: unknown
  postLogoutRedirectUri?: string | undefined
  askedBy?: string | undefined
}

/** RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0) with our pages. */
export function signOutPages(pages: ProtocolPages): RpInitiatedLogout {
  return {
    enabled: true,
    logoutSource: async (ctx, form) => {
      if (isBeyondDoubt(ctx)) return endAtOnce(ctx)
      const { client, session } = ctx.oidc
      const state = (session?.state ?? {}) as SignOutState // untyped in the library
      // The library ends the sign-in of this client even when the person stays: it must not know the client.
      state.askedBy = state.clientId
      state.clientId = undefined
      const endsOutside = state.postLogoutRedirectUri !== undefined || describeHome(client) !== undefined
      pages.renderLogout(ctx, form, { endsOutside, client: client && describeClient(client) })
    },
    postLogoutSuccessSource: async (ctx) =>
      pages.renderSignedOut(ctx, ctx.oidc.client && describeClient(ctx.oidc.client)),
  }
}

/**
 * After the answer to the question. The page after a sign-out leads back to the client that asked for it. A person who
 * stays goes to the client's home, with no `state`: `post_logout_redirect_uri` is where one goes "after a logout has been
 * performed" (§3), and the client would take it for one.
 */
export function leadOnAfterAnswer(provider: Provider, pages: ProtocolPages): Middleware {
  return async function leadOn(ctx, next) {
    await next()
    const { oidc } = ctx as unknown as Partial<KoaContextWithOIDC> // the library adds it on its own routes
    if (oidc?.route !== 'end_session_confirm' || ctx.status !== 303) return
    const { askedBy } = (oidc.session?.state ?? {}) as SignOutState // as above
    // The client may have been removed since it asked.
    const client = askedBy === undefined ? undefined : await provider.Client.find(askedBy).catch(() => undefined)
    if (!oidc.params?.logout) return pages.renderStaying(ctx, client && describeClient(client))
    const location = URL.parse(ctx.response.get('Location'))
    if (!client || location?.pathname !== provider.pathFor('end_session_success')) return
    location.searchParams.set('client_id', client.clientId)
    ctx.redirect(location.href)
    ctx.status = 303
  }
}

/**
 * Every ID token of a browser session says which one it is from (`sid`, Back-Channel Logout 1.0 §2.1): a client finds its own session by it
 * when it is told of the end, and a hint at sign-out can be told from one of another session of the same person.
 */
export function nameSessionsInIdTokens({ Client: Model }: Provider): void {
  // The library's types leave the method out.
  Object.assign(Model.prototype, { includeSid: () => true })
}

/**
 * Whether nothing has to be asked: the hint is of this client, this person and this very session (§2 asks otherwise), the
 * client is the shop's own, and there is a registered address to return to. A hint is no public value: a bare link of
 * another site has none.
 */
function isBeyondDoubt({ oidc }: KoaContextWithOIDC): boolean {
  const { client, session } = oidc
  // Validated before; the library keeps the header and the payload of the hint.
  const hint = oidc.entities.IdTokenHint as { payload: { sub?: unknown; sid?: unknown } } | undefined
  if (!hint || !session?.accountId || client?.first_party !== true) return false
  const { sub, sid } = hint.payload
  return (
    oidc.params?.post_logout_redirect_uri !== undefined &&
    sub === session.accountId &&
    typeof sid === 'string' &&
    sid === session.sidFor(client.clientId)
  )
}

/**
 * A step of the library's before it asks: where nobody is signed in there is nothing to ask, and no page with a script in
 * between. The person goes on to where they would be after an answer.
 */
export async function endWithoutSession(ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  const { client, session, params } = ctx.oidc
  if (!session || session.accountId !== undefined) return next()
  const { state, post_logout_redirect_uri } = (params ?? {}) as Record<string, string | undefined> // texts, by its parser
  const asked: SignOutState = { clientId: client?.clientId, state, postLogoutRedirectUri: post_logout_redirect_uri }
  session.state = { ...session.state, ...asked }
  return endAtOnce(ctx)
}

/** What the library does when the person says yes. */
async function endAtOnce(ctx: KoaContextWithOIDC): Promise<void> {
  const end = confirm.at(-1)
  if (!end || !ctx.oidc.params)
    throw new Error("oidc-provider's sign-out is not what this version of ours was made for")
  ctx.oidc.params.logout = 'yes'
  await end(ctx, async () => {})
}

function describeHome(client: Client | undefined): string | undefined {
  return client && describeClient(client).home
}
