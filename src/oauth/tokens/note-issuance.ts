import type { Audit } from '../../audit/events.ts'
import type { LinkUse } from '../../client-links/link-rows.ts'
import type { Metrics } from '../../metrics.ts'
import type { TokenHistory } from '../../token-history/token-history.ts'
import type { TokenRecord } from '../../token-history/token-record.ts'

/** An answer of the token endpoint that gives tokens, as it is put on record. */
export type Issuance = {
  readonly grantType: string
  readonly clientId: string
  readonly grantId?: string | undefined
  /** Whose tokens they are. Absent: the client's own, or of somebody who is no customer. */
  readonly customerId?: string | undefined
  /** Who acts: an agent, or a visitor who has not signed in. */
  readonly actor?: string | undefined
  readonly ip: string
  readonly requestId: string
  /** The tokens given; none where the answer was given before. */
  readonly records: () => readonly TokenRecord[]
}

export type NoteIssuance = (issuance: Issuance) => void

export type NoteIssuanceDeps = {
  readonly audit: Audit
  readonly metrics: Pick<Metrics, 'tokenRequests'>
  /** A client got tokens by this grant type. */
  readonly noteGrantType: (grantType: string, clientId: string) => void
  /** Notes tokens that were issued. Absent where no history is kept. */
  readonly noteIssued?: TokenHistory['noteIssued'] | undefined
  /** A customer's own app refreshed its tokens from this address. */
  readonly notePlace: (customerId: string, ip: string) => void
  /** A client got tokens of a customer from this address. */
  readonly noteLinkUse: NoteLinkUse
}

/** Notes that a link of a customer with a client was used. Never throws and never waits. */
export type NoteLinkUse = (use: Omit<LinkUse, 'atMs'>) => void

/**
 * Puts on record that tokens were given: in the trail, the metrics, the history of tokens, the uses of grant types and the
 * known places of customers. It only notes: nothing waits for it, and nothing fails by it.
 */
export function createNoteIssuance(deps: NoteIssuanceDeps): NoteIssuance {
  const { audit, metrics, noteGrantType, noteIssued, notePlace, noteLinkUse } = deps
  return function noteIssuance({ grantType, clientId, grantId, customerId, actor, ip, requestId, records }) {
    metrics.tokenRequests.inc({ grant_type: grantType, outcome: 'issued' })
    audit({
      type: 'token.issued',
      reason: grantType,
      ...(customerId !== undefined && { customerId }),
      ...(actor !== undefined && { actor }),
      clientId,
      ...(grantId !== undefined && { grantId }),
      ip,
      requestId,
    })
    noteGrantType(grantType, clientId)
    noteIssued?.(records())
    if (customerId === undefined || actor !== undefined) return
    if (grantType === 'refresh_token') notePlace(customerId, ip)
    if (grantId !== undefined) noteLinkUse({ grantId, customerId, clientId, ip, usedFor: grantType })
  }
}
