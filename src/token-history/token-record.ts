/** A token that was issued, as it is kept on record: never its value. Instants are epoch milliseconds, unless said. */
export type TokenRecord = {
  /** The `jti` of a JWT; the digest of an opaque token; of a refresh token the digest of its family's id. */
  readonly tokenId: string
  readonly kind: 'access-token' | 'client-credentials' | 'refresh-token'
  /** Of a refresh token: its place in the family. */
  readonly place?: number
  /** Of a refresh token that came of another: this place of the family and all before it ended with that. */
  readonly replacedPlace?: number
  readonly clientId: string
  /** A customer's id, or with their prefixes that of an agent or of a visitor. */
  readonly accountId?: string
  readonly grantId?: string
  /** The grant that its grant ends with. */
  readonly parentGrantId?: string
  /** The client whose grant the token hangs from, where another client traded it for this one. */
  readonly grantClientId?: string
  readonly companyUserId?: string
  /** The account of the agent who acts for the customer. */
  readonly agentAccountId?: string
  readonly issuedAtMs: number
  /** When its grant was given; absent where it hangs from none. */
  readonly grantedAtMs?: number
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** An ending of one token, of a sign-in, or of everything that a person, a client or everybody was granted until then. */
export type TokenEnding = EndingFacts & { readonly subject: EndingSubject }

/** An ending without what it ended. */
export type EndingFacts = {
  readonly cause: string
  /** Who acted, where it was not the person who was signed in: as in the audit trail. */
  readonly endedBy?: string
  readonly atMs: number
  /** Of many sign-ins at once: what was granted until then ended. */
  readonly untilMs?: number
}

/** What ended; in the table as `kind:id`. */
export type EndingSubject =
  | { readonly of: 'everybody' }
  | { readonly of: 'token' | 'grant' | 'account' | 'company-user' | 'client'; readonly id: string }

/** The subject as one text. */
export function subjectText(subject: EndingSubject): string {
  return subject.of === 'everybody' ? 'everybody' : `${subject.of}:${subject.id}`
}
