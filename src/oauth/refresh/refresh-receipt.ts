import { createSecretKey, hash, type KeyObject } from 'node:crypto'
import { sealUnder, unseal, unsealUnder } from '../../storage/seal.ts'

/** What an answer to a refresh was bound to: a retry must ask for exactly the same. */
export type RefreshBinding = {
  readonly clientId: string
  readonly scope?: string
  readonly resource?: string
  /** The company user that was asked for. */
  readonly companyUserId?: string
  /** What the token is to be narrowed to (RFC 9396 §6). */
  readonly authorizationDetails?: string
  /** Thumbprint of the DPoP key (RFC 9449 §6). */
  readonly jkt?: string
}

/** Seals an answer under the refresh token that asked for it: only its holder, asking for the same, can have it again. */
export function sealReceipt(token: string, binding: RefreshBinding, body: string): string {
  return sealUnder(keyOf(token), contextOf(binding), body)
}

/**
 * The sealed answer; undefined when the token or the binding is another one. A node of the release before, beside which this one
 * runs during an upgrade, seals as everything else is sealed.
 */
export function openReceipt(token: string, binding: RefreshBinding, sealed: string): string | undefined {
  const context = contextOf(binding)
  return unsealUnder(keyOf(token), context, sealed) ?? unseal(token, context, sealed)
}

function contextOf({ clientId, scope, resource, jkt, companyUserId, authorizationDetails }: RefreshBinding): string {
  const context = [clientId, scope ?? null, resource ?? null, jkt ?? null]
  // As nodes of earlier releases seal it, where neither was asked for.
  if (authorizationDetails !== undefined)
    return JSON.stringify([...context, companyUserId ?? null, authorizationDetails])
  return JSON.stringify(companyUserId === undefined ? context : [...context, companyUserId])
}

/**
 * A refresh token has enough that is random for one hash to make a key of it, at a tenth of what HKDF costs. Its digest, which
 * storage keeps, is a hash of other bytes and says nothing of the key.
 */
function keyOf(token: string): KeyObject {
  return createSecretKey(hash('sha256', `key to the answer of ${token}`, 'buffer'))
}
