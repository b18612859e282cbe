import { Readable } from 'node:stream'
import { Router } from '@koa/router'
import { z } from 'zod'
import { AUDIT_EVENTS, type AuditEventType } from '../audit/events.ts'
import type { AuditTrail } from '../audit/trail.ts'
import { Problem } from './problem.ts'

const types = Object.keys(AUDIT_EVENTS) as [AuditEventType, ...AuditEventType[]]
const query = z.strictObject({
  type: z.union([z.enum(types), z.array(z.enum(types))]).optional(),
  customerId: z.string().optional(),
  clientId: z.string().optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
  before: z.coerce.number().int().positive().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})
/** A link that was kept elsewhere: an entry of an export, of the stream or of the webhook, or the head of some day. */
const witness = z.strictObject({ seq: z.coerce.number().int().positive(), hash: z.string().length(43) })

/** The audit trail: pages of it newest first, all of it, and whether its chain is whole. */
export function auditRoutes({ auditTrail }: { readonly auditTrail: AuditTrail }): Router {
  const router = new Router({ prefix: '/v1/audit' })

  router.get('/', async (ctx) => {
    const parsed = query.safeParse(ctx.query)
    if (!parsed.success) throw new Problem(400, 'invalid-query', parsed.error.issues.map(explain).join('; '))
    const { type, ...filter } = parsed.data
    await auditTrail.flush()
    const entries = await auditTrail.find({ ...filter, ...(type && { types: [type].flat() }) })
    const last = entries.at(-1)
    ctx.body = { entries, ...(last && entries.length === filter.limit && { next: last.seq }) }
  })
  router.get('/verify', async (ctx) => {
    const isBare = Object.keys(ctx.query).length === 0
    const parsed = witness.safeParse(ctx.query)
    if (!isBare && !parsed.success) throw new Problem(400, 'invalid-query', parsed.error.issues.map(explain).join('; '))
    await auditTrail.flush()
    ctx.body = await auditTrail.verify(parsed.data)
  })
  router.get('/head', async (ctx) => {
    await auditTrail.flush()
    ctx.body = await auditTrail.head()
  })
  router.get('/export', async (ctx) => {
    await auditTrail.flush()
    ctx.type = 'application/x-ndjson'
    ctx.body = Readable.from(lines(auditTrail))
  })
  return router
}

async function* lines(auditTrail: AuditTrail): AsyncGenerator<string> {
  for await (const entry of auditTrail.exportAll()) yield `${JSON.stringify(entry)}\n`
}

function explain(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.') || 'query'}: ${issue.message}`
}
