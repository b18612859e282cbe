import type { Claims } from '../claims.ts'
import type { Credentials } from '../credentials.ts'
import type { Incoming } from '../incoming.ts'
import { AccessRefused, invalidToken } from '../refused.ts'
import type { Dpop } from './dpop.ts'
import type { Mtls } from './mtls.ts'

export type BindingDeps = { readonly dpop: Dpop | undefined; readonly mtls: Mtls | undefined }

/**
 * Checks that the caller has the key and the certificate that the token is bound to. What a token is bound to and this
 * service does not check is refused: a bound token must never pass as an ordinary one. Returns headers for the answer.
 *
 * @throws AccessRefused
 */
export async function checkBinding(
  { dpop, mtls }: BindingDeps,
  incoming: Incoming,
  { scheme, token, claims }: Credentials & { readonly claims: Claims },
): Promise<Readonly<Record<string, string>>> {
  const { cnf } = claims
  const bound: Readonly<Record<string, unknown>> = isObject(cnf) ? cnf : {}
  const { jkt, 'x5t#S256': thumbprint, ...others } = bound
  if (cnf !== undefined && (Object.keys(others).length > 0 || (jkt === undefined && thumbprint === undefined))) {
    throw invalidToken('the token is bound in a way that is not known here')
  }
  if (mtls?.isRequired && thumbprint === undefined) throw invalidToken('the token is bound to no certificate')
  if (thumbprint !== undefined && (!mtls || mtls.thumbprint(incoming) !== thumbprint)) {
    throw invalidToken('the token is bound to another certificate')
  }
  if (jkt === undefined) {
    if (dpop?.isRequired || scheme === 'DPoP') throw invalidToken('the token is bound to no key')
    return {}
  }
  if (!dpop || typeof jkt !== 'string')
    throw invalidToken('the token is bound to a key, whose proof is not checked here')
  // RFC 9449 §7.1: as a bearer token it would be good without the key.
  if (scheme !== 'DPoP') {
    throw new AccessRefused('invalid_dpop_proof', {
      reason: 'a token that is bound to a key came as a bearer token',
      ...nonceOf(dpop),
    })
  }
  return dpop.check(incoming, { token, jkt })
}

function nonceOf(dpop: Dpop): { readonly dpopNonce?: string } {
  const nonce = dpop.nonce()
  return nonce === undefined ? {} : { dpopNonce: nonce }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
