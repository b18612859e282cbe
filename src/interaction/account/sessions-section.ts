import { requestState } from '../../http/request-state.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { SessionIndex } from '../../oauth/browser/session-index.ts'
import type { EndSignIn } from '../../oauth/sign-outs/end-sign-in.ts'
import type { AccountSection } from './section.ts'

const END = 'sessions/end'
const END_OTHERS = 'sessions/end-others'

export type SessionsSectionDeps = {
  readonly index: Pick<SessionIndex, 'list' | 'end'>
  readonly endSignIn: EndSignIn
  readonly sessions: Pick<OwnSessions, 'renew'>
}

/** The browsers in which the customer is signed in, to sign out one of them or all others. */
export function createSessionsSection({ index, endSignIn, sessions }: SessionsSectionDeps): AccountSection {
  return {
    page: 'sessions',
    async show({ customer, session, form }) {
      const listed = await index.list(customer.id)
      return {
        template: 'sessions',
        end: form(END),
        endOthers: form(END_OTHERS),
        sessions: listed
          .map((each) => ({ ...each, isThis: each.uid === session.uid }))
          .sort((a, b) => Number(b.isThis) - Number(a.isThis)),
      }
    },
    acts: [
      {
        path: END,
        async submit({ customer, session }, { uid = '' }) {
          // This browser is signed out as everywhere: by the link of that name, which tells the apps.
          const isEnded = uid !== session.uid && (await index.end(customer.id, uid))
          return isEnded ? { outcome: 'done', notice: 'session-ended' } : { outcome: 'unknown' }
        },
      },
      {
        path: END_OTHERS,
        async submit({ ctx, customer, session }) {
          requestState(ctx).keptSessionUid = session.uid
          await endSignIn({ what: { of: 'customer', id: customer.id }, why: 'ended-by-customer' })
          await sessions.renew(ctx)
          return { outcome: 'done', notice: 'others-ended' }
        },
      },
    ],
  }
}
