import { isEmailAddress, normalizeEmail } from '../../credentials/email.ts'
import type { EmailTrust } from '../../credentials/foreign-identity.ts'
import type { NewSubject } from '../../customers/linked-accounts/issuer-subjects.ts'
import type { Assertion } from '../../issuers/assertion.ts'

const GOOGLE_DOMAINS = ['gmail.com', 'googlemail.com']

/** What an assertion says of a person who has no account here yet. */
export function newSubjectOf({ issuer, subject, claims }: Assertion): NewSubject {
  const { record } = issuer
  const { email, given_name, family_name, locale } = claims
  return {
    issuerId: record.id,
    issuer: record.issuer,
    subject,
    email: textIn(email) ?? '',
    emailTrust: trustIn(claims, issuer),
    givenName: textIn(given_name),
    familyName: textIn(family_name),
    locale: localeIn(locale),
  }
}

/**
 * How far the issuer speaks for the address: for its own domains, and Google for mailboxes that it runs. What others say of an
 * address leaves it unconfirmed.
 */
function trustIn(claims: Assertion['claims'], { record }: Assertion['issuer']): EmailTrust {
  const { email, email_verified: isVerified, hd } = claims
  if (typeof email !== 'string' || !isEmailAddress(email)) return 'none'
  if (isVerified !== undefined && isVerified !== true && isVerified !== 'true') return 'none'
  const domain = normalizeEmail(email).split('@').at(-1) ?? ''
  if (record.email_domains?.includes(domain)) return 'authoritative'
  if (record.kind !== 'google-linking' || isVerified === undefined) return 'none'
  return GOOGLE_DOMAINS.includes(domain) || textIn(hd) !== undefined ? 'authoritative' : 'verified'
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= 255 ? value : undefined
}

function localeIn(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$/.test(value) && value.length <= 20
    ? value
    : undefined
}
