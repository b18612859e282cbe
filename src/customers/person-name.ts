import { MAX_EMAIL_LENGTH } from '../credentials/email.ts'

const MAX_NAME = 64

/** Letters, and what stands between them: no address or mark-up that would look odd on an invoice. */
const NAME = /^[\p{L}\p{M}][\p{L}\p{M}\p{Pd}\p{Zs}.,'’·]*$/u

/** What a person typed into a field of a registration, in the form in which it is kept. */
export function typedText(given: string): string {
  const text = given.trim()
  // Longer ones are refused; NFC takes quadratic time on some of them.
  return text.length > MAX_EMAIL_LENGTH ? text : text.normalize('NFC')
}

/** True for a given or family name that an account may have. */
export function isPersonName(text: string): boolean {
  return text.length <= MAX_NAME && NAME.test(text)
}
