import type { Knex } from 'knex'
import { chosenId } from '../../customers/customer.ts'
import type { Announced, EndingLog } from '../../sign-in-endings/ending-log.ts'
import type { Announcement } from '../../sign-in-endings/ending-rows.ts'
import type { EndingCause, SignInEnded } from '../../sign-in-endings/sign-in-ended.ts'
import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'
import { agentAccountId, agentIdOf } from '../accounts/agent-account.ts'
import type { FoundToken, TokenKind } from '../tokens/found-token.ts'
import { carryOut } from './carry-out.ts'

/** One sign-in, with what is known of it. */
type GrantToEnd = {
  readonly of: 'grant'
  readonly grantId: string
  readonly accountId?: string | undefined
  readonly clientId?: string | undefined
  readonly companyUserId?: string | undefined
  readonly sessionId?: string | undefined
  readonly tokenKind?: TokenKind
}

/** One access token; the sign-in it hangs from goes on. */
type TokenToEnd = { readonly of: 'access-token'; readonly token: FoundToken; readonly value: string }

/** A browser session. `cookieId` is a bearer value and is not told. */
type SessionToEnd = { readonly of: 'session'; readonly cookieId: string; readonly accountId: string }

/** Everything that was granted until `untilMs`, epoch milliseconds; until now unless given. */
type ManyToEnd = { readonly untilMs?: number | undefined } & (
  | { readonly of: 'customer' | 'agent' | 'company-user' | 'client'; readonly id: string }
  | { readonly of: 'everybody' }
)

/** The sign-in that a token hangs from; undefined where it hangs from none. */
export function grantOf({ grantId, accountId, clientId, companyUserId, kind }: FoundToken): GrantToEnd | undefined {
  return grantId === undefined
    ? undefined
    : { of: 'grant', grantId, accountId, clientId, companyUserId, tokenKind: kind }
}

/** Everything of an account, which is a customer's or an agent's. */
export function everythingOf(accountId: string): ManyToEnd {
  const agentId = agentIdOf(accountId)
  return agentId === undefined ? { of: 'customer', id: accountId } : { of: 'agent', id: agentId }
}

export type Ending = {
  readonly what: GrantToEnd | TokenToEnd | SessionToEnd | ManyToEnd
  readonly why: EndingCause
  /** Who acted, where it was not the person who was signed in: as in the audit trail. */
  readonly by?: string | undefined
  /** Of one that was announced in the transaction of its cause. */
  readonly announced?: Announced
}

export type EndSignIn = (ending: Ending) => Promise<void>

/** Announces an ending in the transaction of its cause; what it gives is to be ended once the transaction is committed. */
export type AnnounceEnding = (ending: Ending, transaction: Knex.Transaction) => Promise<Ending>

export type EndSignInDeps = {
  readonly storage: Pick<Storage, 'remove' | 'put' | 'raise'>
  readonly endingLog: Pick<EndingLog, 'announce' | 'settle'>
  readonly publishSignInEnded: (event: SignInEnded) => Promise<void>
  /** Of the request an ending happens in. */
  readonly currentRequest?: () => { readonly requestId: string } | undefined
  /** The browser session that a customer keeps who signs out everywhere else, by the name that is in no cookie. */
  readonly sessionKept?: () => string | undefined
}

/**
 * Ends sign-ins: the only function that does. The ending is written down first, so that a crash loses neither it nor the notice of it.
 * What ended is dead on its next use, on every node, before the promise resolves; one event tells of it.
 */
export function createEndSignIn(deps: EndSignInDeps): EndSignIn {
  const { storage, endingLog, publishSignInEnded } = deps
  return async function endSignIn(ending) {
    const planned = plan(ending, deps)
    const announced = ending.announced ?? (await endingLog.announce(planned))
    const { expiresAtMs, bearer, ...event } = planned
    const cutOffMs = await carryOut(storage, { event, expiresAtMs, bearer })
    await endingLog.settle(announced, cutOffMs)
    await publishSignInEnded({ ...event, ...(cutOffMs !== undefined && { cutOffMs }) })
  }
}

/** Announces endings within the transactions that cause them: a cause that is rolled back ends nothing. */
export function createAnnounceEnding(
  deps: Pick<EndSignInDeps, 'endingLog' | 'currentRequest' | 'sessionKept'>,
): AnnounceEnding {
  return async (ending, transaction) => ({
    ...ending,
    announced: await deps.endingLog.announce(plan(ending, deps), transaction),
  })
}

/** The event, and what ends it. Absent members are left out, so that it can be stored as it is. */
function plan(
  { what, why, by }: Ending,
  {
    currentRequest = () => undefined,
    sessionKept = () => undefined,
  }: Pick<EndSignInDeps, 'currentRequest' | 'sessionKept'>,
): Announcement {
  const keptSessionUid = what.of === 'customer' ? sessionKept() : undefined
  const facts = { ...factsOf(what), keptSessionUid, requestId: currentRequest()?.requestId }
  const all = { what: what.of, why, by, ...facts, companyUserId: chosenId(facts.companyUserId) }
  // The same members, those without a value left out.
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Announcement
}

type Facts = {
  readonly [Name in keyof Omit<Announcement, 'what' | 'why' | 'by'>]: Announcement[Name] | undefined
}

function factsOf(what: Ending['what']): Facts {
  switch (what.of) {
    case 'grant': {
      const { of: _, ...facts } = what
      return facts
    }
    case 'access-token': {
      const { accountId, clientId, grantId, companyUserId, jti, exp, isStructured, kind: tokenKind } = what.token
      const tokenId = jti ?? hashId(what.value)
      const owner = { accountId, clientId, grantId, companyUserId, jti, tokenId, tokenKind }
      return { ...owner, expiresAtMs: exp * 1000, ...(!isStructured && { bearer: what.value }) }
    }
    case 'session':
      return { accountId: what.accountId, bearer: what.cookieId }
    case 'customer':
      return { accountId: what.id, cutOffMs: what.untilMs }
    case 'agent':
      return { accountId: agentAccountId(what.id), cutOffMs: what.untilMs }
    case 'company-user':
      return { companyUserId: what.id, cutOffMs: what.untilMs }
    case 'client':
      return { clientId: what.id, cutOffMs: what.untilMs }
    case 'everybody':
      return { cutOffMs: what.untilMs }
  }
}
