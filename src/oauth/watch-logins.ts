import type { Audit } from '../audit/events.ts'
import type { Authenticate } from '../customers/authenticate.ts'
import type { Metrics } from '../metrics.ts'

/** The same check, with every outcome audited and counted: no door can check a password unseen. */
export function watchLogins(authenticate: Authenticate, audit: Audit, metrics: Pick<Metrics, 'logins'>): Authenticate {
  return async function watchedAuthenticate(login, password, context) {
    const authentication = await authenticate(login, password, context)
    const { outcome } = authentication
    metrics.logins.inc({ outcome: outcome === 'refused' ? authentication.reason : outcome })
    const where = { ...(context?.ip && { ip: context.ip }), ...(context?.clientId && { clientId: context.clientId }) }
    if (outcome === 'authenticated')
      audit({ type: 'login.succeeded', customerId: authentication.customer.id, ...where })
    else if (outcome === 'locked') audit({ type: 'login.locked', ...where })
    else if (outcome === 'unconfirmed') {
      audit({ type: 'login.refused', customerId: authentication.customer.id, reason: outcome, ...where })
    } else if (outcome === 'refused') audit({ type: 'login.refused', reason: authentication.reason, ...where })
    return authentication
  }
}
