/** Where a claim can be: in access tokens, in ID tokens, at userinfo, at introspection, in logout tokens, and in Security Event Tokens. */
export const CLAIM_PLACES = ['access', 'id', 'userinfo', 'introspection', 'logout', 'set'] as const
export type ClaimPlace = (typeof CLAIM_PLACES)[number]

/** Dialects whose access tokens have a form of their own. */
export const CLAIM_DIALECTS = ['Spryker', 'Elastic Path', 'Magento', 'commercetools', 'SAP Commerce', 'SLAS'] as const
export type ClaimDialect = (typeof CLAIM_DIALECTS)[number]

export type ClaimEntry = {
  /** What it says, in a sentence. */
  readonly says: string
  /** Where its value comes from. */
  readonly source: string
  /** The scope that gives it; absent: none is needed. */
  readonly scope?: string
  readonly example: unknown
  /** Of standard tokens. */
  readonly in: readonly ClaimPlace[]
  /** In whose access tokens it is as well. */
  readonly dialects?: readonly ClaimDialect[]
}
