import { seal, unseal } from '../../storage/seal.ts'

/** What an answer to a refresh was bound to: a retry must ask for exactly the same. */
export type RefreshBinding = {
  readonly clientId: string
  readonly scope?: string
  readonly resource?: string
  /** Thumbprint of the DPoP key (RFC 9449 §6). */
  readonly jkt?: string
}

/** Seals an answer under the refresh token that asked for it: only its holder, asking for the same, can have it again. */
export function sealReceipt(token: string, binding: RefreshBinding, body: string): string {
  return seal(token, contextOf(binding), body)
}

/** The sealed answer; undefined when the token or the binding is another one. */
export function openReceipt(token: string, binding: RefreshBinding, sealed: string): string | undefined {
  return unseal(token, contextOf(binding), sealed)
}

function contextOf({ clientId, scope, resource, jkt }: RefreshBinding): string {
  return JSON.stringify([clientId, scope ?? null, resource ?? null, jkt ?? null])
}
