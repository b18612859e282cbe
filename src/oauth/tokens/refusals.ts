/**
 * Every reason why a token does not work, with what an operator reads of it. API clients read the names: one that is
 * here keeps its meaning.
 */
export const REFUSALS = {
  unknown: 'it is not a token of this server, was removed, or its signing key is gone',
  expired: 'it has expired',
  rotated: 'it is a refresh token that was replaced by a newer one',
  'grant-revoked': 'the sign-in it came from was ended',
  denied: 'it was revoked',
  'signed-out': 'everything of its owner from that time was signed out',
  'client-disabled': 'its client is disabled',
  'client-gone': 'its client was removed',
  'account-gone': 'its account was removed',
  'account-blocked': 'its account is blocked',
  'company-user-inactive': 'its customer may no longer act as its company user',
  'agent-gone': 'its agent is blocked, was removed, or is no agent any more',
  'agent-signed-out': 'the agent who acts for its customer was signed out',
  'support-not-allowed': 'its customer does not allow support access any more',
  'wrong-kind': 'it is another kind of token than the request needs',
  'wrong-audience': 'it was made for another service',
  'key-not-proved': 'it is bound to a key or a certificate that the request does not prove',
  'caller-not-entitled': 'the client that shows it may not use it',
} as const

export type Refusal = keyof typeof REFUSALS
