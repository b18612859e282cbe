import { errors } from 'oidc-provider'
import type { Proofs } from '../../customers/proof.ts'
import type { CustomerFactors } from '../../customers/second-factor/customer-factors.ts'
import { requestState } from '../../http/request-state.ts'
import type { DemandFactor } from '../grants/refresh-token.ts'
import type { AuthSessions } from './auth-sessions.ts'
import type { SaySteps } from './say-steps.ts'
import type { SessionState } from './session-record.ts'
import type { StepName } from './steps.ts'

export type FactorDueDeps = {
  readonly sessions: AuthSessions
  readonly saySteps: SaySteps
  readonly factors: Pick<CustomerFactors, 'has'>
  readonly hasPasskey: (customerId: string) => Promise<boolean>
  readonly proofs: Pick<Proofs, 'make'>
}

/**
 * Refuses a refresh whose second factor is older than the client wants (`second_factor_max_age_seconds`). The refusal brings a sign-in under way that lacks the second factor alone: the app goes on with it at the challenge endpoint. A
 * customer who has no second factor goes on without.
 */
export function createDemandFactor(deps: FactorDueDeps): DemandFactor {
  const { sessions, saySteps, factors, hasPasskey, proofs } = deps
  return async function demandFactor(ctx, { client, customer, family }) {
    const { second_factor_max_age_seconds: maxAge } = client
    if (maxAge === undefined || !customer) return
    const amr = Array.isArray(family.amr) ? family.amr.map(String) : []
    const provedAtMs = Number(family.authTime ?? 0) * 1000
    const factorAfterMs = Date.now() - maxAge * 1000
    if (amr.includes('mfa') && provedAtMs >= factorAfterMs) return
    const [hasCode, hasKey] = await Promise.all([factors.has(customer.id), hasPasskey(customer.id)])
    const steps: StepName[] = [...(hasCode ? (['totp', 'recovery_code'] as const) : []), ...passkeyOf(hasKey)]
    const proof = steps.length > 0 ? await proofs.make(customer.id) : undefined
    if (!proof) return
    const session = sessions.begin()
    const { jkt, scope, resource, companyUserId } = family
    const person = {
      proof,
      amr: amr.filter((method) => method !== 'mfa'),
      provedAtMs,
      ...(typeof companyUserId === 'string' && { companyUserId }),
    }
    const state: SessionState = {
      clientId: client.client_id,
      isFinished: false,
      failures: 0,
      customerId: customer.id,
      round: {
        startedAtMs: Date.now(),
        factorAfterMs,
        ...(typeof scope === 'string' && { scope }),
        ...(typeof resource === 'string' && { resource }),
      },
      person,
      ...(typeof jkt === 'string' && { jkt }),
    }
    const signIn = {
      session,
      clientId: state.clientId,
      round: state.round,
      failures: 0,
      person: { ...person, customer },
    }
    const [authSession, next] = await Promise.all([sessions.save(session, state), saySteps(steps, signIn)])
    requestState(ctx).missingSteps = { auth_session: String(authSession), next }
    const error = new errors.CustomOIDCProviderError(
      'insufficient_authorization',
      'the second factor is due again: take one of the steps in next at the authorization challenge endpoint',
    )
    throw Object.assign(error, { status: 403, statusCode: 403, expose: true })
  }
}

function passkeyOf(hasPasskey: boolean): readonly StepName[] {
  return hasPasskey ? ['passkey'] : []
}
