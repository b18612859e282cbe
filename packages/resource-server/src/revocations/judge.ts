import type { CheckedClaims, Claims } from '../claims.ts'
import type { Emit } from '../events.ts'
import type { Introspection } from '../introspection.ts'
import type { WhenUnreachable } from '../options.ts'
import { invalidToken, unavailable } from '../refused.ts'
import type { Feed } from './feed.ts'
import type { StatusLists } from './status-lists.ts'

export type Question = {
  readonly token: string
  readonly method: string
  /** Asks the server, whatever is at hand. */
  readonly isFresh: boolean
  readonly whenUnreachable: WhenUnreachable | undefined
}

/** Whether a JWT whose signature is good was revoked. @throws AccessRefused when it was, or when that cannot be told. */
export type JudgeToken = (claims: Claims, question: Question) => Promise<CheckedClaims>

export type JudgeDeps = {
  readonly feed: Feed | undefined
  readonly statusLists: StatusLists | undefined
  readonly introspection: Introspection | undefined
  readonly emit: Emit
}

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Open for what only reads, closed for what changes something. */
export function defaultWhenUnreachable(method: string): WhenUnreachable {
  return SAFE_METHODS.has(method) ? 'open' : 'closed'
}

/**
 * Asks the feed, which costs no request; where that is blind the token's status list and introspection; and where those
 * cannot be had either, does as `whenUnreachable` says, loudly.
 */
export function createJudgeToken({ feed, statusLists, introspection, emit }: JudgeDeps): JudgeToken {
  return async function judgeToken(claims, question) {
    const known = { claims, checkedBy: 'signature', isKnownUnrevoked: true } as const
    const said = feed ? await feed.judge(claims) : ({ outcome: 'absent' } as const)
    if (said.outcome === 'revoked') throw invalidToken(said.reason)
    if (question.isFresh) return (await introspected(question)) ?? unreachable(claims, question)
    if (said.outcome === 'not-revoked') return known

    const listed = statusLists ? await statusLists.judge(claims) : 'absent'
    if (listed === 'invalid') throw invalidToken('its status list says that it is not valid')
    if (listed === 'valid') return known
    // Nothing was meant to say whether this token was revoked.
    if (said.outcome === 'absent' && listed === 'absent') return { ...known, isKnownUnrevoked: false }
    return (await introspected(question)) ?? unreachable(claims, question)
  }

  async function introspected({ token, isFresh }: Question): Promise<CheckedClaims | undefined> {
    const said = await introspection?.ask(token, { isFresh })
    if (said?.outcome === 'inactive') throw invalidToken('introspection says that it is not active')
    if (said?.outcome !== 'active') return undefined
    return { claims: said.claims, checkedBy: 'introspection', isKnownUnrevoked: true }
  }

  function unreachable(claims: Claims, { method, whenUnreachable }: Question): CheckedClaims {
    const does = whenUnreachable ?? defaultWhenUnreachable(method)
    if (does === 'open') {
      const message = 'Nothing can say whether tokens were revoked. They are accepted by their signatures alone.'
      emit({ event: 'unreachable.accepted', level: 'error', message, jti: claims.jti, method })
      return { claims, checkedBy: 'signature', isKnownUnrevoked: false }
    }
    const message = 'Nothing can say whether tokens were revoked. Requests are answered 503.'
    emit({ event: 'unreachable.refused', level: 'error', message, jti: claims.jti, method })
    throw unavailable('nothing can say whether the token was revoked')
  }
}
