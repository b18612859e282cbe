import type { Context } from 'koa'
import type { Provider, Session } from 'oidc-provider'
import type { Customer } from '../../customers/customer.ts'
import { cookieHome } from '../../http/cookie-names.ts'
import { acrOf } from '../accounts/acr.ts'
import { chosenCompanyUser, isByLink, keptOnRenewal, signedInAtMs } from '../accounts/grant-facts.ts'
import { sessionOf } from '../library-values.ts'
import type { SignOutCutOffs } from '../sign-out-cut-offs.ts'
import { LIFETIMES } from '../tokens/lifetimes.ts'

/** A customer who is signed in with this browser. */
export type OwnSession = {
  /** Names the session among those of the customer; no bearer value. */
  readonly uid: string
  readonly customer: Customer
  /** Epoch seconds of the last time they proved who they are (`auth_time`): a session that was renewed is no younger. */
  readonly authenticatedAt: number
  /** Whether a link began it that a program of the shop made: good for looking, not for what is sensitive. */
  readonly isByLink: boolean
  /** How strongly they signed in, and by what (`acr`, `amr`). */
  readonly acr?: string
  readonly amr?: readonly string[]
  /** As which company user, where the person chose one. */
  readonly companyUserId?: string
  /** Grants of the session by client. */
  readonly grants: readonly { readonly clientId: string; readonly grantId: string; readonly sid?: string }[]
}

export type OwnSessions = {
  /** Who is signed in with the browser of this request, as of now; undefined when nobody is who may act. */
  find(ctx: Context): Promise<OwnSession | undefined>
  /**
   * Lets the session of this browser outlive a sign-out everywhere that its own customer asked for, under another id: how it began and
   * for whom it acts stay as they were. `alsoBy` is what they have just shown besides (`amr`, RFC 8176).
   */
  renew(ctx: Context, alsoBy?: readonly string[]): Promise<void>
  /** Goes on as this company user, or as no one's where it is undefined: what is granted from now on is for it. */
  actAs(ctx: Context, companyUserId: string | undefined): Promise<void>
  /** As if nobody had chosen a company user in this session. */
  chooseAnew(ctx: Context): Promise<void>
}

export type OwnSessionsDeps = {
  /** The provider in use now. */
  readonly provider: () => Provider
  /** As they are now. */
  readonly findCustomer: (id: string) => Promise<Customer | undefined>
  readonly cutOffs: Pick<SignOutCutOffs, 'isBefore'>
  readonly issuer: string
}

/** The library's browser session, for pages that are not the library's. */
export function createOwnSessions({ provider, findCustomer, cutOffs, issuer }: OwnSessionsDeps): OwnSessions {
  const { isSecure: secure, path } = cookieHome(issuer)

  async function saveAs(ctx: Context, session: Session & StoredSession): Promise<void> {
    await session.save(LIFETIMES.session)
    const expires = session.transient ? {} : { expires: new Date(Date.now() + LIFETIMES.session * 1000) }
    const cookie = { signed: true, httpOnly: true, sameSite: 'lax', secure, path, overwrite: true, ...expires } as const
    ctx.cookies.set(provider().cookieName('session'), session.id, cookie)
  }

  async function choose(ctx: Context, choice: object): Promise<void> {
    const session = asStored(await sessionOf(provider(), ctx))
    if (session.accountId === undefined) return
    Object.assign(session, choice)
    await saveAs(ctx, session)
  }

  return {
    async find(ctx) {
      const session = await sessionOf(provider(), ctx)
      const { accountId, uid } = session
      if (accountId === undefined) return undefined
      const [customer, sinceMs] = [await findCustomer(accountId), signedInAtMs(session) ?? 0]
      const companyUserId = chosenCompanyUser(session)
      const { acr, amr } = asStored(session)
      const owner = { accountId, ...(companyUserId !== undefined && { companyUserId }) }
      if (customer?.status !== 'active' || (await cutOffs.isBefore(owner, sinceMs))) return undefined
      return {
        uid,
        customer,
        authenticatedAt: asStored(session).loginTs ?? 0,
        isByLink: isByLink(session),
        ...(acr !== undefined && { acr }),
        ...(amr !== undefined && { amr }),
        ...(companyUserId !== undefined && { companyUserId }),
        grants: grantsOf(session),
      }
    },

    async renew(ctx, alsoBy = []) {
      const session = asStored(await sessionOf(provider(), ctx))
      const { accountId, loginTs, transient = false } = session
      if (accountId === undefined) return
      const amr = [...new Set([...(session.amr ?? []), ...alsoBy])]
      const acr = alsoBy.length > 0 ? acrOf(amr) : session.acr
      const kept = keptOnRenewal(session)
      // Later than the sign-out, which may have been in this very millisecond.
      session.loginAccount({ accountId, amr, acr, loginTs, transient, provedAtMs: Date.now() + 1 })
      Object.assign(session, kept)
      session.resetIdentifier()
      await saveAs(ctx, session)
    },

    actAs: (ctx, companyUserId) => choose(ctx, { companyUserId, hasChosenCompany: true }),

    chooseAnew: (ctx) => choose(ctx, { companyUserId: undefined, hasChosenCompany: false }),
  }
}

/** The grants that hang from a session, as it is stored. */
export function grantsOf(session: object): OwnSession['grants'] {
  // The library writes it so.
  const { authorizations = {} } = session as { authorizations?: Record<string, { grantId?: string; sid?: string }> }
  return Object.entries(authorizations).flatMap(([clientId, { grantId, sid }]) =>
    grantId === undefined ? [] : [{ clientId, grantId, ...(sid !== undefined && { sid }) }],
  )
}

/** Members of a session that its published type leaves out. */
type StoredSession = {
  id: string
  readonly amr?: string[]
  readonly acr?: string
  readonly loginTs?: number
  readonly transient?: boolean
  loginAccount(details: object): void
  resetIdentifier(): void
  save(ttlSeconds: number): Promise<string>
}

function asStored(session: Session): Session & StoredSession {
  return session as Session & StoredSession // see above
}
