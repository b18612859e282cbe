import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { hashArgon2id } from '../../src/credentials/schemes/argon2.ts'
import { createPasswordSchemes } from '../../src/credentials/schemes/index.ts'
import { findPhp } from '../support/binaries.ts'
import { describeOn } from '../support/describe-on.ts'

const SALT = 'saltysaltysaltysaltysaltysalty32'
const SCRIPT = fileURLToPath(new URL('shop-hashes.php', import.meta.url))
const passwords = createPasswords({ schemes: createPasswordSchemes({ prestashopCookieKey: 'shop-secret' }) })

/** How PHP makes a hash, the scheme such rows are imported under, and whether the salt has a field of its own. */
const WAYS: readonly (readonly [how: string, scheme: string, salt?: string])[] = [
  ['bcrypt', 'bcrypt'],
  ['bcrypt', 'spryker'],
  ['bcrypt', 'wordpress'],
  ['argon2id', 'argon2id'],
  ['argon2id', 'spryker'],
  ['argon2i', 'argon2i'],
  ['argon2i', 'spryker'],
  ['wordpress', 'wordpress'],
  ['phpass', 'wordpress'],
  ['phpass', 'phpass'],
  ['phpbb', 'phpass'],
  ['magento 0', 'magento'],
  ['magento 1', 'magento'],
  ['magento 2', 'magento'],
  ['magento 3', 'magento'],
  ['magento 0:1:2', 'magento'],
  ['magento 1:3', 'magento'],
  ['shopware-md5', 'shopware-md5'],
  ['shopware-sha256', 'shopware-sha256'],
  ['opencart-sha1', 'opencart-sha1', SALT],
  ['prestashop-md5', 'prestashop-md5'],
  ['md5', 'md5', SALT],
  ['sha512-salt-last', 'sha512-salt-last', SALT],
  ['pbkdf2-sha1', 'pbkdf2-sha1'],
  ['pbkdf2-sha256', 'pbkdf2-sha256'],
  ['pbkdf2-sha512', 'pbkdf2-sha512'],
]
const TYPED = ['change123', 'pässwörd 🛒', `"a&b" <c> d'e`]
/** bcrypt reads 72 bytes: what PHP and Symfony do at that border. */
const BORDERS = [
  ['bcrypt', 'bcrypt', 'x'.repeat(72)],
  ['bcrypt', 'bcrypt', 'x'.repeat(73)],
  ['bcrypt', 'bcrypt', `${'ä'.repeat(36)}tail`],
  ['symfony', 'spryker', 'x'.repeat(100)],
  ['wordpress', 'wordpress', 'x'.repeat(100)],
  ['wordpress', 'wordpress', ' spaced out '],
] as const

type Sample = { readonly how: string; readonly scheme: string; readonly password: string; readonly salt?: string }
const SAMPLES: readonly Sample[] = [
  ...WAYS.flatMap(([how, scheme, salt]) =>
    TYPED.map((password) => ({ how, scheme, password, ...(salt !== undefined && { salt }) })),
  ),
  ...BORDERS.map(([how, scheme, password]) => ({ how, scheme, password })),
]

describeOn('php', 'hashes made by PHP as the shops make them', () => {
  let made: readonly string[]
  let verified: readonly boolean[]
  beforeAll(async () => {
    const ours = await Promise.all(TYPED.map(async (password) => [password, await hashArgon2id(password)] as const))
    const asked = {
      make: SAMPLES.map(({ how, password }) => [how, password]),
      verify: ours.flatMap(([password, hash]) => [
        [password, hash],
        [`${password}!`, hash],
      ]),
    }
    const answer = execFileSync(findPhp() ?? 'php', [SCRIPT], { input: JSON.stringify(asked), encoding: 'utf8' })
    const parsed = JSON.parse(answer) as { made: string[]; verified: boolean[] }
    made = parsed.made
    verified = parsed.verified
  })

  test.each(SAMPLES.map((sample, index) => ({ ...sample, index })))(
    '$how, imported as $scheme: "$password" and no other is accepted',
    async ({ index, scheme, password, salt }) => {
      const stored = { scheme, hash: made[index] ?? '', ...(salt !== undefined && { salt }) }
      expect(passwords.problem(stored)).toBeUndefined()
      expect(await passwords.verify(password, stored)).toMatchObject({ outcome: 'match' })
      expect(await passwords.verify(`?${password}`, stored)).toMatchObject({ outcome: 'mismatch' })
    },
  )

  test('a hash of ours is one that PHP accepts, with its password and no other', () => {
    expect(verified).toEqual(TYPED.flatMap(() => [true, false]))
  })

  test("Symfony's hash of a long password does not let its first 72 bytes in", async () => {
    const index = SAMPLES.findIndex(({ how }) => how === 'symfony')
    const stored = { scheme: 'spryker', hash: made[index] ?? '' }
    expect(await passwords.verify('x'.repeat(72), stored)).toMatchObject({ outcome: 'mismatch' })
  })
})
