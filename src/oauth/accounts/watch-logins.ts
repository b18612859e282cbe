import type { AuthenticateAgent } from '../../agents/authenticate.ts'
import type { Audit } from '../../audit/events.ts'
import { noteWhose, tellWhose } from '../../credentials/whose-attempt.ts'
import type { Authenticate } from '../../customers/authenticate.ts'
import type { PasskeySignIn } from '../../customers/passkeys/passkey-sign-in.ts'
import type { Metrics } from '../../metrics.ts'
import { agentAccountId } from './agent-account.ts'

const REFUSED = { locked: { type: 'login.locked' }, refused: { type: 'login.refused' } } as const

type Counted = Pick<Metrics, 'logins'>

/** The same check, with every outcome audited and counted: no endpoint can check a password unseen. */
export function watchLogins(authenticate: Authenticate, audit: Audit, metrics: Counted, way?: string): Authenticate {
  return async function watchedAuthenticate(login, password, context) {
    const authentication = await authenticate(login, password, context)
    const { outcome } = authentication
    metrics.logins.inc({ realm: 'customer', outcome: outcome === 'refused' ? authentication.reason : outcome })
    const where = whereFrom(context)
    if (outcome === 'authenticated')
      audit({ type: 'login.succeeded', customerId: authentication.customer.id, ...(way && { reason: way }), ...where })
    else if (outcome === 'unconfirmed') {
      audit({ type: 'login.refused', customerId: authentication.customer.id, reason: outcome, ...where })
    } else if (outcome === 'second-factor-required') {
      // Where a page asks for it, the sign-in goes on and is told of at its end.
      const { customerId } = authentication.proof
      if (!context?.asksForCodeLater) audit({ ...REFUSED.refused, customerId, reason: outcome, ...where })
    } else if (outcome === 'locked' || outcome === 'refused') {
      const event = outcome === 'locked' ? REFUSED.locked : { ...REFUSED.refused, reason: authentication.reason }
      tellWhose(authentication, (customerId) => audit({ ...event, ...(customerId && { customerId }), ...where }))
    }
    return authentication
  }
}

/** The same for agents, whose logins are apart from those of customers. */
export function watchAgentLogins(authenticate: AuthenticateAgent, audit: Audit, metrics: Counted): AuthenticateAgent {
  return async function watchedAuthenticateAgent(login, password, context) {
    const authentication = await authenticate(login, password, context)
    const { outcome } = authentication
    metrics.logins.inc({ realm: 'agent', outcome: outcome === 'refused' ? authentication.reason : outcome })
    const where = whereFrom(context)
    if ('agent' in authentication) noteWhose(authentication, authentication.agent.id)
    const reason = outcome === 'refused' ? authentication.reason : outcome
    tellWhose(authentication, (agentId) => {
      const actor = agentId === undefined ? 'agent' : agentAccountId(agentId)
      if (outcome === 'authenticated') audit({ type: 'login.succeeded', actor, ...where })
      else if (outcome === 'locked') audit({ ...REFUSED.locked, actor, ...where })
      else if (outcome !== 'busy') audit({ ...REFUSED.refused, actor, reason, ...where })
    })
    return authentication
  }
}

/** The second half of a customer's sign-in on our pages. */
type SecondHalf = {
  readonly customerId: string
  readonly outcome: 'authenticated' | 'wrong-code' | 'locked'
  readonly way?: string
  readonly ip: string
  readonly clientId: string
}

/** Audits and counts codes that customers enter after their password: a sign-in has succeeded once its code was right. */
export function watchSecondFactors(audit: Audit, metrics: Counted): (half: SecondHalf) => void {
  return ({ customerId, outcome, way, ...context }) => {
    metrics.logins.inc({ realm: 'customer', outcome })
    const where = { customerId, ...whereFrom(context) }
    if (outcome === 'authenticated') audit({ type: 'login.succeeded', ...(way && { reason: way }), ...where })
    else if (outcome === 'locked') audit({ ...REFUSED.locked, ...where })
    else audit({ ...REFUSED.refused, reason: outcome, ...where })
  }
}

/** The same for passkeys. */
export function watchPasskeyLogins(
  signIn: PasskeySignIn,
  audit: Audit,
  metrics: Counted,
): (
  place: string,
  json: string,
  context: { readonly ip: string; readonly clientId: string },
) => ReturnType<PasskeySignIn> {
  return async function watchedPasskeySignIn(place, json, context) {
    const authentication = await signIn(place, json)
    const { outcome } = authentication
    const reason = outcome === 'refused' ? authentication.reason : outcome
    metrics.logins.inc({ realm: 'customer', outcome: reason })
    const where = whereFrom(context)
    const customerId = outcome === 'refused' ? authentication.customerId : authentication.customer.id
    const whose = customerId !== undefined && { customerId }
    if (outcome !== 'authenticated') audit({ ...REFUSED.refused, ...whose, reason: `passkey: ${reason}`, ...where })
    else {
      const way = authentication.isCounterBehind ? 'passkey, with a counter that went back' : 'passkey'
      audit({ type: 'login.succeeded', ...whose, reason: way, ...where })
    }
    return authentication
  }
}

function whereFrom(context: { readonly ip: string; readonly clientId?: string } | undefined) {
  return { ...(context?.ip && { ip: context.ip }), ...(context?.clientId && { clientId: context.clientId }) }
}
