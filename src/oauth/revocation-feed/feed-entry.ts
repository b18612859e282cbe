import type { EndingLog } from '../../sign-in-endings/ending-log.ts'
import type { LoggedEnding } from '../../sign-in-endings/ending-rows.ts'
import type { SignInEnded } from '../../sign-in-endings/sign-in-ended.ts'
import { cutOffSeconds } from '../sign-out-cut-offs.ts'

/** What an entry ends: one token by `jti`, a sign-in by `gid`, or what was issued to a subject, a company user, a client or everybody. */
export type EntryKind = 'j' | 'g' | 's' | 'm' | 'c' | '*'

/** `at` and `until` are epoch seconds: what was issued at or before `at` ended, and after `until` nothing of it can be alive. */
export type FeedEntry = readonly [seq: number, kind: EntryKind, value: string, at: number, until: number]

/** The part of the log of endings that is read for those who check tokens by themselves. */
export type FeedLog = Pick<EndingLog, 'after' | 'head' | 'floor' | 'onNew'>

/**
 * What the feed says of an ending; undefined where no JWT hangs from what ended: a browser session, an opaque token.
 *
 * A cut-off counts from when it had taken effect. Until then a sign-in that it ends could still be refreshed, and a reader knows of a
 * refreshed token only when it was issued, not when its sign-in began.
 */
export function feedEntry(ending: LoggedEnding): FeedEntry | undefined {
  const ended = endedBy(ending)
  if (!ended) return undefined
  const { seq, atMs, settledAtMs, untilMs, cutOffMs = 0 } = ending
  const tookMs = Math.max(0, settledAtMs - Math.max(atMs, cutOffMs))
  const at = cutOffSeconds(Math.max(cutOffMs, settledAtMs))
  return [seq, ended.kind, ended.value, at, Math.ceil((untilMs + tookMs) / 1000)]
}

function endedBy(ending: SignInEnded): { readonly kind: EntryKind; readonly value: string } | undefined {
  const { what, jti, grantId, accountId, companyUserId, clientId } = ending
  switch (what) {
    case 'access-token':
      return named('j', jti)
    case 'grant':
      return named('g', grantId)
    case 'customer':
    case 'agent':
      return named('s', accountId)
    case 'company-user':
      return named('m', companyUserId)
    case 'client':
      return named('c', clientId)
    case 'everybody':
      return { kind: '*', value: '*' }
    case 'session':
      return undefined
  }
}

function named(kind: EntryKind, value: string | undefined) {
  return value === undefined ? undefined : { kind, value }
}
