import type { AuditEntry } from '../../audit/chain.ts'
import { AUDIT_EVENTS } from '../../audit/events.ts'
import { describeProblem } from '../../audit/trail-problem.ts'
import type { Verdict } from '../../audit/verify.ts'
import { type Listing, listAddress, pageLinks, searchOf } from './listing.ts'
import type { ConsolePage } from './page.ts'

/** What can be searched for, by the name the API knows it under. */
const FIELDS = ['type', 'customer', 'customerId', 'clientId', 'actor', 'ip', 'requestId', 'signIn', 'since', 'until']

/** The audit trail: a search, newest first, and whether the chain is whole. */
export const auditPages: readonly ConsolePage[] = [
  {
    path: '/audit',
    async open(request) {
      const search = searchOf(request, FIELDS)
      const asked = Object.fromEntries(Object.entries(search).map(([name, value]) => [name, toInstant(value)]))
      const answer = await request.api.send<Listing<AuditEntry & { readonly actorName?: string }>>(
        'GET',
        listAddress(request, '/v1/audit', asked),
      )
      const { items, next } = answer.outcome === 'done' ? answer.body : { items: [] }
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      request.show(
        'audit',
        {
          title: 'Audit trail',
          search,
          types: AUDIT_EVENTS,
          entries: items,
          problem,
          ...pageLinks(request, next, search),
        },
        { status: problem?.status ?? 200 },
      )
    },
  },
  {
    path: '/audit/verification',
    async open(visit) {
      const answer = await visit.api.send<Verdict>('GET', '/v1/audit/verify')
      const verdict = answer.outcome === 'done' ? answer.body : undefined
      const problem = answer.outcome === 'refused' ? answer.problem : undefined
      visit.show(
        'audit-verification',
        {
          title: 'Verification of the audit trail',
          verdict,
          sentences: verdict?.problems?.map(describeProblem) ?? [],
          problem,
        },
        { status: problem?.status ?? 200 },
      )
    },
  },
]

/** A `datetime-local` field has no zone: here it is UTC, as all times on these pages. */
function toInstant(value: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(value) ? `${value}:00Z` : value
}
