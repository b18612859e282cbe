import { hkdfSync } from 'node:crypto'
import type { Configuration } from 'oidc-provider'

export type DpopNonces = NonNullable<NonNullable<Configuration['features']>['dPoP']>

const SECRET_BYTES = 32

/**
 * Nonces for DPoP proofs (RFC 9449 §8). Their secret is derived from one that all nodes share and that no restart changes, so that
 * each node takes the nonces of the others. Where they are not required, a proof without one is good for as long as it is young.
 */
export function dpopNonces(sharedSecret: string, isRequired: boolean): DpopNonces {
  const secret = hkdfSync('sha256', sharedSecret, '', 'nonces of DPoP proofs', SECRET_BYTES)
  return { enabled: true, nonceSecret: Buffer.from(secret), requireNonce: () => isRequired }
}
