import type { SetPayload } from './signal.ts'

/** The claims of a signal for one receiver: no `sub` and no `exp`, so that it passes for no other token (SSF 1.0 §4.1). */
export function setClaims(
  { jti, iat, txn, subId, events }: SetPayload,
  { issuer, audience }: { readonly issuer: string; readonly audience: string },
): Readonly<Record<string, unknown>> {
  return { iss: issuer, aud: audience, iat, jti, ...(txn !== undefined && { txn }), sub_id: subId, events }
}
