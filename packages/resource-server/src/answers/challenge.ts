import { DPOP_ALGORITHMS } from '../binding/dpop.ts'
import type { AccessRefused } from '../refused.ts'

export type ChallengeOptions = {
  readonly realm?: string | undefined
  /** The address of this service's metadata (RFC 9728 §5.1). */
  readonly resourceMetadata?: string | undefined
  readonly dpop?: 'accepted' | 'required' | undefined
}

/**
 * The `WWW-Authenticate` of a refusal (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3), or undefined where another token would
 * not help. It names all scopes of the operation: an app gets there in one round.
 */
export function challengeOf({ code, details }: AccessRefused, options: ChallengeOptions): string | undefined {
  const { realm, resourceMetadata, dpop } = options
  const common = { scope: details.scope, realm, resource_metadata: resourceMetadata }
  const { acrValues, maxAgeSeconds } = details.stepUp ?? {}
  const stepUp = { acr_values: acrValues, max_age: maxAgeSeconds }
  const dpopChallenge = (more: object) => written('DPoP', { ...more, algs: DPOP_ALGORITHMS.join(' '), ...common })
  switch (code) {
    case 'missing_token': {
      const schemes = [
        ...(dpop === 'required' ? [] : [written('Bearer', common)]),
        ...(dpop ? [dpopChallenge({})] : []),
      ]
      return schemes.join(', ')
    }
    case 'invalid_dpop_proof':
    case 'use_dpop_nonce':
      return dpopChallenge({ error: code })
    case 'insufficient_scope':
    case 'insufficient_user_authentication':
      return written('Bearer', { error: code, ...stepUp, ...common })
    case 'invalid_request':
    case 'invalid_token':
      return dpop === 'required' ? dpopChallenge({ error: code }) : written('Bearer', { error: code, ...common })
    default:
      return undefined
  }
}

function written(scheme: string, parameters: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined)
  const text = given.map(([name, value]) => `${name}="${String(value).replace(/[\\"]/g, '\\$&')}"`).join(', ')
  return text === '' ? scheme : `${scheme} ${text}`
}
