/** The form of an e-mail address that lookups and uniqueness use: trimmed, NFC, without regard to case. */
export function normalizeEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase()
}
