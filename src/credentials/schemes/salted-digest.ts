import { hash } from 'node:crypto'
import { fastScheme, type PasswordScheme } from './scheme.ts'

const HEX_DIGITS = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const
type DigestName = keyof typeof HEX_DIGITS

/**
 * One round of a digest, hexadecimal, over salt and password (`sha256`) or password and salt
 * (`sha256-salt-last`). The salt has a field of its own and may be missing.
 */
export const saltedDigests: readonly PasswordScheme[] = (Object.keys(HEX_DIGITS) as DigestName[]).flatMap((name) => [
  saltedDigest(name, name, (form, salt) => salt + form),
  saltedDigest(`${name}-salt-last`, name, (form, salt) => form + salt),
])

function saltedDigest(
  name: string,
  digestName: DigestName,
  combine: (form: string, salt: string) => string,
): PasswordScheme {
  const digits = HEX_DIGITS[digestName]
  const shape = new RegExp(`^[0-9a-fA-F]{${digits}}$`)
  return fastScheme(name, `${digits} hexadecimal digits, the salt beside it`, {
    split: (stored) =>
      shape.test(stored.hash) ? { digest: stored.hash.toLowerCase(), rest: stored.salt ?? '' } : undefined,
    digest: async (form, salt) => hash(digestName, combine(form, salt)),
  })
}
