import { hash } from 'node:crypto'
import { domainToASCII, domainToUnicode } from 'node:url'

/** In characters (RFC 5321 §4.5.3.1.3). Longer texts are no addresses, and no pattern is tried on them. */
export const MAX_EMAIL_LENGTH = 254

/** Dots stand between words; the domain has two labels at least. Each character can be read in one way only. */
const ADDRESS = /^[\w'+-]+(?:\.[\w'+-]+)*@(?:[a-z0-9][a-z0-9-]*\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)$/

/**
 * The form of an e-mail address that look-ups, counters and uniqueness use: trimmed, NFC, lower case, an
 * internationalised domain in ASCII (RFC 5891 §4.4). A text that is too long for an address becomes a digest: it equals
 * itself and no address, and it costs no more than a short one.
 */
export function normalizeEmail(email: string): string {
  return withAsciiDomain(lowerCase(email))
}

/**
 * The forms under which an address may be stored: as it is given, then in ASCII, then in Unicode. Rows from before
 * domains were stored in ASCII keep the form they have.
 */
export function storedForms(email: string): readonly string[] {
  const asGiven = lowerCase(email)
  const ascii = withAsciiDomain(asGiven)
  return [...new Set([asGiven, ascii, withUnicodeDomain(ascii)])]
}

/** An address as people read it: the domain in Unicode, as far as it is the same domain. Only for showing it. */
export function readableEmail(email: string): string {
  const readable = withUnicodeDomain(email)
  return withAsciiDomain(readable) === email ? readable : email
}

/** An address that its owner recognises and that others cannot complete: `m…@example.com`. */
export function maskedEmail(email: string): string {
  const [first = ''] = email
  return `${first}…${readableEmail(email).slice(readableEmail(email).lastIndexOf('@'))}`
}

/** True for an address that an account can have: an ASCII name before the `@`, a host of any script after it. */
export function isEmailAddress(text: string): boolean {
  return text.length <= MAX_EMAIL_LENGTH && text === text.trim() && ADDRESS.test(normalizeEmail(text))
}

function lowerCase(email: string): string {
  const trimmed = email.trim()
  // NFC takes quadratic time on a long run of combining marks: the length is bounded before it.
  if (trimmed.length > MAX_EMAIL_LENGTH) return hash('sha256', trimmed)
  return trimmed.normalize('NFC').toLowerCase()
}

/** Other domains are left alone: the conversion would also read a number as an IP address, and `%41` as a letter. */
function withAsciiDomain(address: string): string {
  return withDomain(address, (domain) => (/[^\0-\x7f]/.test(domain) ? domainToASCII(domain) : domain))
}

function withUnicodeDomain(address: string): string {
  return withDomain(address, (domain) => (/(?:^|\.)xn--/.test(domain) ? domainToUnicode(domain) : domain))
}

/** The conversion of something that is no domain is empty: then the address stays as it is. */
function withDomain(address: string, convert: (domain: string) => string): string {
  const start = address.lastIndexOf('@') + 1
  return start === 0 ? address : address.slice(0, start) + (convert(address.slice(start)) || address.slice(start))
}
