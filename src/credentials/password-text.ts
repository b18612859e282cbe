/** Longer passwords cannot have been set anywhere, and hashing them many times is what an attacker wants. */
const MAX_PASSWORD_BYTES = 4096

/** True for a text that no account has as its password. */
export function isTooLongToCheck(password: string): boolean {
  return Buffer.byteLength(password) > MAX_PASSWORD_BYTES
}

/** The form of a password that is hashed, counted and compared: NFC. A text that is too long to check stays as it is. */
export function normalizePassword(password: string): string {
  // NFC takes quadratic time on a long run of combining marks.
  return isTooLongToCheck(password) ? password : password.normalize('NFC')
}
