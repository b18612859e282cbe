import type { AuditFilter } from '../../audit/audit-rows.ts'
import type { AuditEntry } from '../../audit/chain.ts'
import type { AuditEventType } from '../../audit/events.ts'
import type { AccountSection } from './section.ts'

const DAYS = 90
const DAY_MS = 86_400_000
const MOST = 100

/** What of the trail is about the account as its owner sees it. Each has a text, `account.activity.…`. */
const SHOWN: readonly AuditEventType[] = [
  'login.succeeded',
  'login.refused',
  'login.locked',
  'logout',
  'sign-out-everywhere',
  'grant.revoked',
  'refresh.theft',
  'password.changed',
  'password.reset-requested',
  'lockout.lifted',
  'customer.registered',
  'customer.changed',
  'customer.email-changed',
  'customer.exported',
  'customer.deletion',
  'company.chosen',
  'company.membership',
  'support-access.begun',
  'support-access.ended',
]

export type ActivitySectionDeps = {
  readonly trail: { flush(): Promise<void>; find(filter: AuditFilter): Promise<AuditEntry[]> }
}

/** What happened to the account, newest first. The reasons are written for operators and stay out. */
export function createActivitySection({ trail }: ActivitySectionDeps): AccountSection {
  return {
    page: 'activity',
    async show({ customer }) {
      await trail.flush()
      const since = new Date(Date.now() - DAYS * DAY_MS).toISOString()
      const entries = await trail.find({ customerId: customer.id, types: SHOWN, since, limit: MOST })
      return {
        template: 'activity',
        days: String(DAYS),
        entries: entries.map(({ type, at, ip }) => ({ type, at: Math.floor(Date.parse(at) / 1000), ip })),
      }
    },
    acts: [],
  }
}
