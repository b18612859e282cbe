import type { Storage } from '../../storage/storage.ts'
import type { EndSignIn } from '../sign-outs/end-sign-in.ts'
import type { SessionIndex } from './session-index.ts'
import { createFindByUpstream } from './upstream-sessions.ts'

/** A sign-in that a provider has ended. */
export type UpstreamSignOut = {
  readonly issuer: string
  readonly sid: string | undefined
  /** The customer that the person of the notice is here; only looked at where it names no session. */
  readonly customerId: string | undefined
}

export type EndUpstreamSignIn = (ended: UpstreamSignOut) => Promise<void>

/**
 * Ends what came of a sign-in at a provider: the session of a notice that names one, with what was granted in it; everything
 * of a person where it names none (OpenID Connect Back-Channel Logout 1.0 §2.6, §2.7).
 */
export function createEndUpstreamSignIn({
  storage,
  sessionIndex,
  endSignIn,
}: {
  readonly storage: Pick<Storage, 'get'>
  readonly sessionIndex: Pick<SessionIndex, 'end'>
  readonly endSignIn: EndSignIn
}): EndUpstreamSignIn {
  const findByUpstream = createFindByUpstream(storage)
  return async function endUpstreamSignIn({ issuer, sid, customerId }) {
    if (sid === undefined) {
      if (customerId === undefined) return
      return endSignIn({ what: { of: 'customer', id: customerId }, why: 'upstream-sign-out' })
    }
    const session = await findByUpstream(issuer, sid)
    if (session) await sessionIndex.end(session.accountId, session.uid, 'upstream-sign-out')
  }
}
