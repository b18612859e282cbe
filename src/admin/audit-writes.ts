import type { Middleware } from 'koa'
import type { Audit, AuditEventType } from '../audit/events.ts'
import { Problem } from './problem.ts'

/** What an act through the admin API is audited as; the first that fits counts. */
const ACTS: readonly { readonly method: string; readonly path: RegExp; readonly type: AuditEventType }[] = [
  { method: 'GET', path: /^\/v1\/customers\/.+\/personal-data$/, type: 'customer.exported' },
  { method: 'GET', path: /^\/v1\/customers\/export$/, type: 'customer.exported' },
  { method: 'POST', path: /^\/v1\/customers\/.+\/erase$/, type: 'customer.erased' },
  { method: 'POST', path: /^\/v1\/customers\//, type: 'customers.imported' },
  { method: 'POST', path: /^\/v1\/sign-outs/, type: 'sign-out-everywhere' },
  { method: 'POST', path: /^\/v1\/keys/, type: 'key.changed' },
  { method: 'POST', path: /^\/v1\/secrets/, type: 'secret.changed' },
  { method: 'GET', path: /^\/v1\/audit\/export$/, type: 'audit.exported' },
  { method: 'POST', path: /^\/v1\/clients/, type: 'client.changed' },
  { method: 'POST', path: /^\/v1\/agents/, type: 'agent.changed' },
  { method: 'POST', path: /^\/v1\/sign-in-links/, type: 'sign-in-link.made' },
  { method: 'POST', path: /^\/v1\/tokens/, type: 'token.inspected' },
]

/**
 * Audits every act that succeeded, by its address: one place for all routes, so that a new one cannot forget. What an
 * address has no kind for is audited as a change of settings. Who was not let in is audited too.
 */
export function auditWrites(audit: Audit): Middleware {
  return async function auditAct(ctx, next) {
    const reason = `${ctx.method} ${ctx.path}`
    try {
      await next()
    } catch (error) {
      const isRefused = error instanceof Problem && (error.status === 401 || error.status === 403)
      if (isRefused) audit({ type: 'admin.refused', reason, ip: ctx.ip, requestId: ctx.state.requestId as string })
      throw error
    }
    const act = ACTS.find(({ method, path }) => method === ctx.method && path.test(ctx.path))
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
    if (ctx.status >= 400 || (isRead && !act)) return
    audit({
      type: act?.type ?? 'settings.changed',
      actor: 'admin',
      reason,
      ip: ctx.ip,
      requestId: ctx.state.requestId as string,
    })
  }
}
