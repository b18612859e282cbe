import { argon2i, argon2id } from './argon2.ts'
import { bcrypt } from './bcrypt.ts'
import { magento } from './magento.ts'
import { opencartSha1 } from './opencart.ts'
import { pbkdf2Schemes } from './pbkdf2.ts'
import { phpass } from './phpass.ts'
import { prestashopMd5 } from './prestashop.ts'
import { saltedDigests } from './salted-digest.ts'
import type { PasswordScheme } from './scheme.ts'
import { scrypt } from './scrypt.ts'
import { shopwareMd5, shopwareSha256 } from './shopware.ts'
import { spryker } from './spryker.ts'
import { wordpress } from './wordpress.ts'
import { wrappedScheme } from './wrapped.ts'

export type PasswordSchemes = {
  /** The scheme of a row's tag, wrapped ones included. */
  find(name: string): PasswordScheme | undefined
  /** What an import may name. */
  readonly names: readonly string[]
  /** Tags whose rows, all or some, have to be wrapped. */
  readonly fastNames: readonly string[]
}

/** Every way a password may be stored. To add one: a file in this folder, and a line here. */
export function createPasswordSchemes({
  prestashopCookieKey,
}: {
  readonly prestashopCookieKey?: string
} = {}): PasswordSchemes {
  const schemes: readonly PasswordScheme[] = [
    argon2id,
    argon2i,
    bcrypt,
    magento,
    spryker,
    wordpress,
    phpass,
    shopwareMd5,
    shopwareSha256,
    opencartSha1,
    prestashopMd5(prestashopCookieKey),
    ...pbkdf2Schemes,
    scrypt,
    ...saltedDigests,
  ]
  const fast = schemes.filter((scheme) => scheme.fast)
  const byName = new Map([...schemes, ...fast.map(wrappedScheme)].map((scheme) => [scheme.name, scheme]))
  return {
    find: (name) => byName.get(name),
    names: schemes.map((scheme) => scheme.name),
    fastNames: fast.map((scheme) => scheme.name),
  }
}
