import { hash } from 'node:crypto'
import { createPasswordSchemes } from '../../credentials/schemes/index.ts'
import type { StoredPassword } from '../../credentials/stored-password.ts'

const schemes = createPasswordSchemes()

/**
 * Tells whether an import brings a password it brought before: a repeated run must not undo re-hashes and password
 * changes made since. Of a fast hash only what is public goes in (a changed password has another salt), because a
 * digest of a bare md5 would itself be a fast way to test guesses.
 */
export function passwordFingerprint(stored: StoredPassword): string {
  const split = schemes.find(stored.scheme)?.fast?.split(stored)
  return hash('sha256', JSON.stringify([stored.scheme, split ? split.rest : stored.hash]), 'base64url')
}
