import type { Context } from 'koa'
import {
  type Account,
  type Grant,
  type KoaContextWithOIDC,
  type OIDCContext,
  Provider,
  type Session,
} from 'oidc-provider'
import { chosenId, PRIVATE_PERSON } from '../../customers/customer.ts'
import { requestState } from '../../http/request-state.ts'
import { storeAlso } from '../library-values.ts'

/** What a dialect keeps with a sign-in, for the tokens that are made in it: the members are the dialect's own. */
export type DialectSession = Readonly<Record<string, string>>

/** The version of a grant that was read: it is written as that, so that one that ended meanwhile stays ended. Not stored itself. */
export const STORED_VERSION = 'storedVersion'

/** What we keep on a grant beyond the library's own fields. */
export type GrantFacts = {
  /** Epoch milliseconds: precise enough that a sign-in right after "sign out everywhere" is not hit by it. */
  readonly createdAtMs: number
  /** The company user that the person chose, or `PRIVATE_PERSON`; otherwise the selection rule of the customer applies. */
  readonly companyUserId?: string
  /** Set when an agent acts for the customer. */
  readonly actingAgentId?: string
  /** The grant that this one ends with: that of the agent who acts. */
  readonly parentGrantId?: string
  /** What a dialect keeps with the sign-in. */
  readonly dialectSession?: DialectSession
  /** Set where a platform's agents act for the person: no browser session is its home. */
  readonly isLink?: true
  /** Of a client with a metadata document: the digest of what the person consented to. */
  readonly documentDigest?: string
  /** Scopes that the customer took back since: tokens of before no longer have them. */
  readonly narrowed?: readonly string[]
}

const FIELDS = [
  'createdAtMs',
  'companyUserId',
  'actingAgentId',
  'parentGrantId',
  'dialectSession',
  'isLink',
  'documentDigest',
  'narrowed',
  STORED_VERSION,
]
/** Of a refresh token that came of an access token: when it ends for good (epoch seconds), and what it ends with. */
const REFRESH_FIELDS = ['endsAt', 'parentGrantId']
/** A sign-in that our pages ended and the library has yet to go on with. */
type StagedLogin = { readonly proof?: { readonly madeAtMs: number } }

/** The library stores only the fields a model lists; this lists ours too, of grants and refresh tokens. Call it once, before the provider is used. */
export function keepGrantFacts({ Grant, RefreshToken }: Provider): void {
  storeAlso(Grant, FIELDS)
  storeAlso(RefreshToken, REFRESH_FIELDS)
}

/**
 * Keeps as which company user a session's person signed in, and when, to the millisecond: the library's own instant is of whole seconds. A session is
 * as old as the proof that it began with.
 */
export function keepSignInInstant({ Session }: Provider): void {
  storeAlso(Session, ['signedInAtMs', 'companyUserId', 'isByLink', 'hasChosenCompany'])
  const { loginAccount } = Session.prototype
  Session.prototype.loginAccount = function loginAccountNow(this: Session & OwnFields, details) {
    const before = { accountId: this.accountId, signedInAtMs: this.signedInAtMs }
    loginAccount.call(this, details)
    // Ours, beside the library's details.
    const { companyUserId, isByLink } = details as { companyUserId?: string; isByLink?: boolean }
    const at = provedAtMs(details) ?? Date.now()
    // The library repeats a sign-in after each page that follows it; another one in the same session chooses anew.
    if (before.accountId === this.accountId && before.signedInAtMs === at) return
    Object.assign(this, { signedInAtMs: at, companyUserId, isByLink, hasChosenCompany: false })
  }
}

type OwnFields = { readonly signedInAtMs?: number }

/** What a session keeps when its own person renews it: that is no sign-in, which would choose anew. */
export function keptOnRenewal(session: object): object {
  // Ours, as `keepSignInInstant` has them stored.
  const { companyUserId, isByLink, hasChosenCompany } = session as Record<string, unknown>
  return { companyUserId, isByLink, hasChosenCompany }
}

/** Epoch milliseconds: of the sign-in that the request under way goes on with, or as the caller gives it. */
function provedAtMs(details: object): number | undefined {
  // Our pages put the proof into the result.
  const staged = Provider.ctx?.oidc?.entities.Interaction?.result?.login as StagedLogin | undefined
  // Ours, beside the library's details.
  return (details as { provedAtMs?: number }).provedAtMs ?? staged?.proof?.madeAtMs
}

/**
 * The company user that a page, or a sign-in by link, chose for a session, or `PRIVATE_PERSON`; undefined where the selection rule of
 * the customer applies.
 */
export function chosenCompanyUser(session: object | undefined): string | undefined {
  // Ours, as `keepSignInInstant` has it stored.
  const { hasChosenCompany, companyUserId } = (session ?? {}) as { hasChosenCompany?: boolean; companyUserId?: string }
  return companyUserId ?? (hasChosenCompany === true ? PRIVATE_PERSON : undefined)
}

/** Whether a session began with a link that a program of the shop made: the person who has such a link need not be the customer. */
export function isByLink(session: object): boolean {
  return (session as { isByLink?: boolean }).isByLink === true // ours, as `keepSignInInstant` writes it
}

/** Epoch milliseconds of a session's sign-in; undefined without a sign-in. */
export function signedInAtMs(session: Session | undefined): number | undefined {
  // The first is ours, the second is missing in the published type.
  const { signedInAtMs, loginTs } = (session ?? {}) as { signedInAtMs?: number; loginTs?: number }
  return signedInAtMs ?? (loginTs === undefined ? undefined : loginTs * 1000)
}

export function withFacts(grant: Grant, facts: Partial<GrantFacts> = {}): Grant {
  return Object.assign(grant, { createdAtMs: Date.now(), ...facts })
}

/** The facts of a grant, be it the library's or as it is stored; undefined where it has none. */
export function grantFacts(grant: object | undefined): GrantFacts | undefined {
  // Ours, beside the library's fields; its own grants have none.
  const facts = grant as Partial<GrantFacts> | undefined
  // All are written together.
  return facts?.createdAtMs === undefined ? undefined : (facts as GrantFacts)
}

/** The company user of the grant that the request under way issued tokens for. */
export function companyUserOf(ctx: Context): string | undefined {
  // The library adds it to the Koa context of its own requests.
  const { oidc } = ctx as unknown as { oidc?: { entities: { Grant?: Grant } } }
  return chosenId(grantFacts(oidc?.entities.Grant)?.companyUserId)
}

/** What a dialect keeps with the sign-in of the request under way, and what it says in this request. */
export function dialectSessionOf(ctx: Context | KoaContextWithOIDC): DialectSession {
  // As in `companyUserOf`.
  const { oidc } = ctx as unknown as { oidc?: { entities: { Grant?: Grant } } }
  return { ...grantFacts(oidc?.entities.Grant)?.dialectSession, ...requestState(ctx).dialectSession }
}

/** What the token request under way was answered with: whose token, for which client, under which id. */
export function issuedIn(ctx: Context): {
  account?: Account
  clientId: string
  jti?: string
  refreshExpiresIn?: number
} {
  // As above; this request was answered by the library.
  const { entities, client } = (ctx as unknown as { oidc: OIDCContext }).oidc
  const { Account: account, AccessToken, ClientCredentials, RefreshToken } = entities
  const refreshedUntil = requestState(ctx).refreshed?.expiresAt
  const refreshExpiresIn =
    refreshedUntil === undefined ? RefreshToken?.expiration : refreshedUntil - Math.floor(Date.now() / 1000)
  const jti = (AccessToken ?? ClientCredentials)?.jti
  return {
    ...(account && { account }),
    clientId: String(client?.clientId),
    ...(jti !== undefined && { jti }),
    ...(refreshExpiresIn !== undefined && { refreshExpiresIn }),
  }
}
