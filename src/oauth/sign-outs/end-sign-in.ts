import { hashId } from '../../storage/hash-id.ts'
import type { Storage } from '../../storage/storage.ts'
import { agentAccountId, agentIdOf } from '../accounts/agent-account.ts'
import { type CutOffSubject, raiseCutOff } from '../sign-out-cut-offs.ts'
import type { FoundToken, TokenKind } from '../tokens/found-token.ts'
import { endAccessToken } from '../tokens/token-status.ts'
import type { EndingCause, SignInEnded } from './sign-in-ended.ts'

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
}

export type EndSignIn = (ending: Ending) => Promise<void>

export type EndSignInDeps = {
  readonly storage: Pick<Storage, 'remove' | 'put' | 'raise'>
  readonly publishSignInEnded: (event: SignInEnded) => Promise<void>
  /** Of the request an ending happens in. */
  readonly currentRequest?: () => { readonly requestId: string } | undefined
}

/**
 * Ends sign-ins: the only function that does. What ended is dead on its next use, on every node, before the promise
 * resolves; one event tells of it.
 */
export function createEndSignIn({ storage, publishSignInEnded, currentRequest = () => undefined }: EndSignInDeps) {
  return async function endSignIn({ what, why, by }: Ending): Promise<void> {
    const facts = await end(storage, what)
    const requestId = currentRequest()?.requestId
    const event = { what: what.of, why, by, ...facts, requestId }
    // Absent members are left out, so that an event can be stored as it is.
    const known = Object.entries(event).filter(([, value]) => value !== undefined)
    // The same members, those without a value left out.
    await publishSignInEnded(Object.fromEntries(known) as SignInEnded)
  }
}

type Facts = { readonly [Name in keyof Omit<SignInEnded, 'what' | 'why' | 'by'>]: SignInEnded[Name] | undefined }

async function end(storage: EndSignInDeps['storage'], what: Ending['what']): Promise<Facts> {
  switch (what.of) {
    case 'grant': {
      const { of: _, ...facts } = what
      await storage.remove('Grant', what.grantId)
      return facts
    }
    case 'access-token': {
      const { accountId, clientId, grantId, companyUserId, jti, kind: tokenKind } = what.token
      await endAccessToken(storage, what.token, what.value)
      return { accountId, clientId, grantId, companyUserId, jti, tokenId: jti ?? hashId(what.value), tokenKind }
    }
    case 'session':
      await storage.remove('Session', what.cookieId)
      return { accountId: what.accountId }
    default: {
      const cutOffMs = what.untilMs ?? Date.now()
      await raiseCutOff(storage, cutOffSubject(what), cutOffMs)
      return { ...subjectFacts(what), cutOffMs }
    }
  }
}

/** Agents' cut-offs are kept beside those of customers, under the id of their account. */
function cutOffSubject(what: ManyToEnd): CutOffSubject {
  if (what.of === 'everybody') return { of: 'everybody' }
  return what.of === 'agent' ? { of: 'customer', id: agentAccountId(what.id) } : { of: what.of, id: what.id }
}

function subjectFacts(what: ManyToEnd): Facts {
  switch (what.of) {
    case 'customer':
      return { accountId: what.id }
    case 'agent':
      return { accountId: agentAccountId(what.id) }
    case 'company-user':
      return { companyUserId: what.id }
    case 'client':
      return { clientId: what.id }
    case 'everybody':
      return {}
  }
}
