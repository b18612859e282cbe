import type { Customer } from '../../customers/customer.ts'
import type { AccountDeletions } from '../../customers/records/account-deletions.ts'
import { requestState } from '../../http/request-state.ts'
import type { OwnSessions } from '../../oauth/browser/own-sessions.ts'
import type { AccountPageName, AccountSection } from './section.ts'

const DELETE = 'data/delete'
const KEEP = 'data/keep'

export type DeletionSectionDeps = {
  readonly deletions: Pick<AccountDeletions, 'find' | 'ask' | 'callOff'>
  /** Companies that would have nobody left to look after them. */
  readonly companiesLeftAlone: (customer: Customer) => Promise<readonly string[]>
  readonly delaySeconds: number
  readonly sessions: Pick<OwnSessions, 'renew'>
}

/** Deleting the account: after a fresh sign-in, with a while in which the customer can sign in and keep it. */
export function createDeletionSection(deps: DeletionSectionDeps): AccountSection {
  const { deletions, companiesLeftAlone, delaySeconds, sessions } = deps
  return {
    page: 'data',
    async show({ customer, addressOf, form }) {
      const pending = await deletions.find(customer.id)
      return pending
        ? { template: 'deletion-pending', ...pending, ...form(KEEP) }
        : { template: 'deletion', href: addressOf(DELETE) }
    },
    acts: [
      {
        path: DELETE,
        isSensitive: true,
        async open({ customer, form }) {
          const companies = await companiesLeftAlone(customer)
          return { template: 'deletion-form', ...form(DELETE), companies, delaySeconds }
        },
        async submit({ customer, session, ctx }) {
          requestState(ctx).keptSessionUid = session.uid
          const asked = await deletions.ask(customer)
          if (asked === 'last-administrator') return { outcome: 'refused', problem: asked, status: 409 }
          await sessions.renew(ctx)
          return { outcome: 'done', notice: 'deletion' }
        },
      },
      {
        path: KEEP,
        async submit({ customer }) {
          const isKept = await deletions.callOff(customer)
          return isKept ? { outcome: 'done', notice: 'kept' } : { outcome: 'unknown' }
        },
      },
    ],
  }
}

/** Says on other pages that the account is about to be erased. */
export function createDeletionNotice(
  { deletions }: Pick<DeletionSectionDeps, 'deletions'>,
  page: AccountPageName,
): AccountSection {
  return {
    page,
    async show({ customer, form }) {
      const pending = await deletions.find(customer.id)
      return pending && { template: 'deletion-pending', ...pending, ...form(KEEP) }
    },
    acts: [],
  }
}
