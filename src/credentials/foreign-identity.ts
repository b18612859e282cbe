/**
 * How far a provider may speak for an e-mail address: it runs the mailbox or the domain, it has checked once that the
 * person reads it, or neither.
 */
export type EmailTrust = 'authoritative' | 'verified' | 'none'

/** What a sign-in provider says about the person who signed in there. */
export type ForeignIdentity = {
  /** The id of the provider here. */
  readonly upstreamId: string
  /** With the subject it names the person for good; an e-mail address does not. */
  readonly issuer: string
  readonly subject: string
  readonly email?: { readonly address: string; readonly trust: EmailTrust }
  readonly givenName?: string
  readonly familyName?: string
}
