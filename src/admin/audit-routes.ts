import { z } from 'zod'
import { AUDIT_EVENTS, type AuditEventType } from '../audit/events.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { keyOfCursor, toPage } from '../database/page.ts'
import { type Route, route } from './route.ts'
import { pageOf, pageQuery, text } from './shapes.ts'

const types = Object.keys(AUDIT_EVENTS) as [AuditEventType, ...AuditEventType[]]
const query = pageQuery.extend({
  type: z.union([z.enum(types), z.array(z.enum(types))]).optional(),
  customerId: text.optional(),
  clientId: text.optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
})
const entry = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    type: z.enum(types),
    actor: z.string().optional(),
    customerId: z.string().optional(),
    clientId: z.string().optional(),
    grantId: z.string().optional(),
    ip: z.string().optional(),
    requestId: z.string().optional(),
    reason: z.string().optional(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' })
const verdict = z.object({
  entries: z.int(),
  problem: z.object({ seq: z.int().optional(), problem: z.enum(['changed', 'missing', 'cut off']) }).optional(),
})

/** The audit trail: pages of it newest first, all of it, and whether its chain is whole. */
export function auditRoutes({ auditTrail }: { readonly auditTrail: AuditTrail }): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/audit',
      summary: 'Audit entries, newest first',
      permission: 'audit:read',
      query,
      result: pageOf(entry),
      async handle({ query: { type, limit, cursor, ...filter } }) {
        await auditTrail.flush()
        const before = Number(keyOfCursor(cursor))
        const entries = await auditTrail.find({
          ...filter,
          limit: limit + 1,
          ...(type && { types: [type].flat() }),
          ...(before > 0 && { before }),
        })
        return toPage(
          entries,
          limit,
          ({ seq }) => String(seq),
          (each) => each,
        )
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit/verify',
      summary: 'Follow the hash chain: was anything changed or removed?',
      permission: 'audit:read',
      result: verdict,
      async handle() {
        await auditTrail.flush()
        return auditTrail.verify()
      },
    }),
    route({
      method: 'GET',
      path: '/v1/audit/export',
      summary: 'Every entry, oldest first',
      permission: 'audit:export',
      result: entry,
      audit: 'audit.exported',
      async *lines() {
        await auditTrail.flush()
        yield* auditTrail.exportAll()
      },
    }),
  ]
}
