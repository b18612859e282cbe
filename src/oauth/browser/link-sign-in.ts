import type { Context } from 'koa'
import type { Provider, Session } from 'oidc-provider'
import type { Audit } from '../../audit/events.ts'
import type { Customer } from '../../customers/customer.ts'
import type { RedeemedLink } from '../../customers/sign-in-links.ts'
import { cookieHome } from '../../http/cookie-names.ts'
import { RECOGNISED } from '../accounts/acr.ts'
import { signedInAtMs } from '../accounts/grant-facts.ts'
import { sessionOf } from '../library-values.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { LIFETIMES } from '../tokens/lifetimes.ts'

export type LinkSignInDeps = {
  /** The provider in use now. */
  readonly provider: () => Provider
  /** The customer a link's token is for, while the link holds; used up by asking. */
  readonly redeem: (token: string) => Promise<RedeemedLink>
  /** The same for the shop's own tokens, which are JWTs. */
  readonly redeemShopToken: (token: string) => Promise<RedeemedLink>
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  readonly cutOffs: SignOutCutOffs
  readonly audit: Audit
  readonly issuer: string
}

export type LinkSignIn = (ctx: Context, token: string) => Promise<'signed-in' | 'already-signed-in' | 'invalid'>

/**
 * Begins a hosted session for the person who follows a link. A person who is signed in stays so, and the link stays
 * good. A new session gets a new id and ends with the browser: an attacker cannot have planted it (session fixation).
 */
export function createLinkSignIn(deps: LinkSignInDeps): LinkSignIn {
  const { provider, findCustomer, cutOffs, audit, issuer } = deps
  const { isSecure: secure, path } = cookieHome(issuer)

  async function isSignedIn(session: Session): Promise<boolean> {
    const { accountId } = session
    if (accountId === undefined) return false
    const customer = await findCustomer(accountId)
    return customer?.status === 'active' && !(await cutOffs.isBefore({ accountId }, signedInAtMs(session) ?? 0))
  }

  return async function signInByLink(ctx, token) {
    const { Session } = provider()
    const existing = await sessionOf(provider(), ctx)
    if (await isSignedIn(existing)) return 'already-signed-in'
    const provedAtMs = Date.now()
    const isJwt = token.includes('.')
    const redeemed = await (isJwt ? deps.redeemShopToken(token) : deps.redeem(token))
    const way = isJwt ? 'login token of the shop' : 'sign-in link'
    if (redeemed.outcome === 'refused') {
      const { customerId, reason } = redeemed
      audit({ type: 'login.refused', ...(customerId !== undefined && { customerId }), reason: `${way}: ${reason}` })
      return 'invalid'
    }
    const { customer, companyUserId } = redeemed

    if (existing.accountId !== undefined) await existing.destroy()
    // Its published type leaves members out.
    const session = new Session() as InstanceType<typeof Session> & StoredSession
    const how = { amr: ['otp'], acr: RECOGNISED, transient: true, isByLink: true } as const
    session.loginAccount({ accountId: customer.id, ...how, provedAtMs, companyUserId })
    await session.save(LIFETIMES.session)
    const name = provider().cookieName('session')
    ctx.cookies.set(name, session.id, { signed: true, httpOnly: true, sameSite: 'lax', secure, path })
    audit({ type: 'login.succeeded', customerId: customer.id, reason: way })
    return 'signed-in'
  }
}

/** Members of a session that its published type leaves out. */
type StoredSession = {
  readonly id: string
  loginAccount(details: {
    accountId: string
    amr: readonly string[]
    acr: string
    transient: boolean
    provedAtMs: number
    companyUserId: string | undefined
    isByLink: true
  }): void
  save(ttlSeconds: number): Promise<string>
}
