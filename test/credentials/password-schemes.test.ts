import { createHash, pbkdf2Sync, scryptSync } from 'node:crypto'
import * as oracle from 'argon2'
import { describe, expect, test } from 'vitest'
import { createPasswordSchemes } from '../../src/credentials/schemes/index.ts'
import type { PasswordScheme } from '../../src/credentials/schemes/scheme.ts'
import { wrap } from '../../src/credentials/schemes/wrapped.ts'
import type { StoredPassword } from '../../src/credentials/stored-password.ts'

const schemes = createPasswordSchemes({ prestashopCookieKey: 'shop-secret' })

type Vector = readonly [scheme: string, password: string, hash: string, salt?: string]

const VECTORS: readonly Vector[] = [
  ['magento', 'password', '67a1e09bb1f83f5007dc119c14d663aa:salt:0'],
  ['magento', 'password', '13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1'],
  ['magento', 'password', '7640855aef9cb6ffd20229601d2904a2192e372b391db8230d7faf073b393e4c:salt:2'],
  [
    'magento',
    'password',
    '0be2351d7513d3e9622bd2df1891c39ba5ba6d1e3d67a058c60d6fd83f6641d8:-----------random_salt----------:2',
  ],
  ['magento', 'password', 'ca7982945fa90444b78d586678ff1c223ce13f99a39ec9541eae8b63ada3816a:random_salt12345:2'],
  ['magento', 'password', 'c6aad9e058f6c4b06187c06d2b69bf506a786af030f81fb6d83778422a68205e:salt:1:2'],
  [
    'magento',
    'Password@',
    'ab5ebf8d273b085b6a60336198e0a5a2090fdc3e0606a678315c7274ab06e046:5PiKJRn28bBKoFMopMaaKuV47aJ6GzVg:3_32_2_67108864',
  ],
  [
    'magento',
    'Password@2022',
    'abf1de8d537a1270237b9b56c8db9c67aeece6d89639a64d5ffd7264262541ab:PNK7gwTSnTc9L8AXZEvgZQ4SA66qirus:3_32_2_67108864',
  ],
  ['magento', 'password', '3b68ca4706cbae291455e4340478076c1e1618e742b6144cfcc3e50f648903e4:salt:0:1'],
  ['magento', 'password', '55c80bb3dee3b8205e9b0510d3966917a1b70d55c6220ce056b049e931f81e20:salt:0:3_32_2_67108864'],
  ['magento', 'password', '0b9a24fd2cdc43ff102f3bdc50ba5eceb3a62fe1138c760bfb2bb1e86eeec7a0:salt:1:2:3_32_2_67108864'],
  ['wordpress', 'grimoire-test-123', '$wp$2y$12$iWN5xRwDE7i9R5jVJvCyqOxS1CNnwUggQaF8O2W9Bg8TuXQz.ngrS'],
  ['wordpress', 'test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['wordpress', 'password', md5('password')],
  ['phpass', 'test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['phpass', 'test12345', '$H$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
  ['bcrypt', 'test', '$2y$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO'],
  ['bcrypt', 'test', '$2a$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO'],
  ['spryker', 'test', '$2y$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO'],
  ['shopware-md5', 'password', `${md5('passwordsalt')}:salt`],
  ['shopware-md5', 'password', md5('passwordsalt'), 'salt'],
  ['shopware-md5', 'password', md5('password')],
  [
    'shopware-sha256',
    'password',
    `2:salt:${digest('sha256', `${digest('sha256', `${digest('sha256', 'passwordsalt')}passwordsalt`)}passwordsalt`)}`,
  ],
  ['opencart-sha1', 'password', digest('sha1', `s4lt${digest('sha1', `s4lt${digest('sha1', 'password')}`)}`), 's4lt'],
  [
    'opencart-sha1',
    'a&"b<c>',
    digest('sha1', `s4lt${digest('sha1', `s4lt${digest('sha1', 'a&amp;&quot;b&lt;c&gt;')}`)}`),
    's4lt',
  ],
  ['opencart-sha1', 'password', md5('password')],
  ['prestashop-md5', 'password', md5('shop-secretpassword')],
  ['prestashop-md5', 'password', md5('other-secretpassword'), 'other-secret'],
  ['md5', 'password', md5('password')],
  ['md5', 'password', md5('saltpassword'), 'salt'],
  ['md5-salt-last', 'password', md5('passwordsalt'), 'salt'],
  ['sha1', 'password', digest('sha1', 'saltpassword'), 'salt'],
  ['sha256', 'password', digest('sha256', 'saltpassword').toUpperCase(), 'salt'],
  ['sha512-salt-last', 'password', digest('sha512', 'passwordsalt'), 'salt'],
  ...['sha1', 'sha256', 'sha512'].flatMap((name): Vector[] => {
    const key = pbkdf2Sync('password', 'salt1234', 1000, 32, name).toString('base64')
    return [
      [`pbkdf2-${name}`, 'password', `$pbkdf2-${name}$1000$${Buffer.from('salt1234').toString('base64')}$${key}`],
      [`pbkdf2-${name}`, 'password', `pbkdf2_${name}$1000$salt1234$${key}`],
    ]
  }),
  [
    'scrypt',
    'password',
    `$scrypt$ln=12,r=8,p=1$${base64('salt1234')}$${scryptSync('password', 'salt1234', 32, { N: 4096 }).toString('base64')}`,
  ],
]

const ROWS = VECTORS.map(([scheme, password, hash, salt]) => ({ password, stored: { scheme, hash, salt } }))
const FAST_ROWS = ROWS.filter(({ stored }) => find(stored.scheme).fast?.split(stored))

test.each(ROWS)('$stored.scheme accepts "$password" for $stored.hash, and no other', async ({ password, stored }) => {
  const scheme = find(stored.scheme)
  expect(scheme.problem(stored)).toBeUndefined()
  expect(await accepts(scheme, password, stored)).toBe(true)
  expect(await accepts(scheme, `${password}!`, stored)).toBe(false)
})

test.each(FAST_ROWS)('$stored.hash ($stored.scheme), wrapped in argon2id, works as before', async (row) => {
  const { password, stored } = row
  const wrapped = await wrap(find(stored.scheme), stored)
  const bareDigest = find(stored.scheme).fast?.split(stored)?.digest
  if (!wrapped || !bareDigest) throw new Error('not wrapped')
  expect(wrapped.hash + wrapped.salt).not.toContain(bareDigest)
  expect(await oracle.verify(wrapped.hash, bareDigest)).toBe(true)
  expect(await accepts(find(wrapped.scheme), password, wrapped)).toBe(true)
  expect(await accepts(find(wrapped.scheme), `${password}!`, wrapped)).toBe(false)
})

describe('cross-checks with other implementations', () => {
  test.each(['argon2id', 'argon2i'] as const)(
    '%s hashes of the argon2 package are accepted, and the other way round',
    async (name) => {
      const type = name === 'argon2id' ? oracle.argon2id : oracle.argon2i
      const hash = await oracle.hash('pässword', { type, memoryCost: 8192, timeCost: 3 })
      expect(await accepts(find(name), 'pässword', { scheme: name, hash })).toBe(true)
      expect(await accepts(find('spryker'), 'pässword', { scheme: 'spryker', hash })).toBe(true)
      expect(await accepts(find(name), 'password', { scheme: name, hash })).toBe(false)
    },
  )

  test('the magento argon2 steps are the ones of the argon2 package', async () => {
    const salt = Buffer.from('saltsaltsaltsalt')
    const inner = digest('sha256', 'saltpassword')
    const raw = await oracle.hash(inner, {
      raw: true,
      salt,
      memoryCost: 65_536,
      timeCost: 2,
      parallelism: 1,
      hashLength: 32,
    })
    const hash = `${raw.toString('hex')}:salt:1:2`
    expect(await accepts(find('magento'), 'password', { scheme: 'magento', hash })).toBe(true)
  })
})

describe('a password outside ASCII', () => {
  const composed = 'Zo\u00eb-p\u00e4ss'
  const decomposed = composed.normalize('NFD')

  test('is accepted in either Unicode form where the shop hashed NFC', async () => {
    const stored = { scheme: 'md5', hash: md5(composed) }
    expect(await accepts(find('md5'), composed, stored)).toBe(true)
    expect(await accepts(find('md5'), decomposed, stored)).toBe(true)
  })

  test('is accepted as typed where the shop hashed the bytes it got', async () => {
    const stored = { scheme: 'md5', hash: md5(decomposed) }
    expect(await accepts(find('md5'), decomposed, stored)).toBe(true)
  })
})

describe('a NUL in a password', () => {
  test('does not let any ending pass for bcrypt', async () => {
    const stored = { scheme: 'bcrypt', hash: '$2y$10$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO' }
    expect(await accepts(find('bcrypt'), 'test\0anything', stored)).toBe(false)
    expect(await accepts(find('bcrypt'), 'test\0test', stored)).toBe(false)
  })
})

describe('a row is refused', () => {
  test.each<[string, StoredPassword, string]>([
    ['whose bcrypt cost would take minutes', bcryptRow(20), 'cost 20'],
    [
      'whose bcrypt is of the broken $2x kind',
      { scheme: 'bcrypt', hash: bcryptRow(10).hash.replace('2y', '2x') },
      '$2a$',
    ],
    ['whose argon2 wants gigabytes', argonRow('m=4194304,t=1,p=1'), '4194304 KiB'],
    ['whose argon2 wants endless passes', argonRow('m=65536,t=4000000,p=1'), 'passes'],
    ['whose argon2 wants hundreds of lanes', argonRow('m=65536,t=1,p=200'), 'lanes'],
    [
      'whose tag is argon2id and whose hash is argon2i',
      { scheme: 'argon2id', hash: argonRow('m=8,t=1,p=1').hash.replace('2id', '2i') },
      '$argon2id$',
    ],
    ['whose magento memory is a terabyte', magentoRow('3_32_2_99999999999'), 'KiB'],
    ['whose magento passes never end', magentoRow('3_32_999_67108864'), 'passes'],
    ['whose magento version is a bare 3', magentoRow('3'), 'hash:salt:versions'],
    ['whose magento versions are a long chain', magentoRow('2:2:2:2:2'), 'at most 4'],
    ['whose magento has two parts', { scheme: 'magento', hash: `${md5('x')}:salt` }, 'add :0'],
    [
      'whose pbkdf2 iterates for minutes',
      { scheme: 'pbkdf2-sha256', hash: `$pbkdf2-sha256$999999999$c2FsdA$${base64('x'.repeat(32))}` },
      'iterations',
    ],
    [
      'whose scrypt wants gigabytes',
      { scheme: 'scrypt', hash: `$scrypt$ln=30,r=8,p=1$c2FsdA$${base64('x'.repeat(32))}` },
      'memory',
    ],
    [
      'whose scrypt parameters OpenSSL refuses',
      { scheme: 'scrypt', hash: `$scrypt$ln=16,r=1,p=1$c2FsdA$${base64('x'.repeat(32))}` },
      'below 16 times r',
    ],
    ['whose phpass rounds take seconds', { scheme: 'phpass', hash: '$P$SIQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0' }, '2^16'],
    [
      'whose shopware-sha256 iterates for seconds',
      { scheme: 'shopware-sha256', hash: `999999:s:${digest('sha256', '')}` },
      '100000',
    ],
    ['whose magento digest is not one', { scheme: 'magento', hash: 'hash:salt:1' }, 'hash:salt:versions'],
    ['that carries a plain password', { scheme: 'md5', hash: 'letmein' }, '32 hexadecimal'],
  ])('%s', (_, stored, reason) => {
    expect(find(stored.scheme).problem(stored)).toContain(reason)
  })

  test('of scrypt are those alone that OpenSSL would refuse to compute', () => {
    for (let ln = 1; ln <= 18; ln++) {
      for (const r of [1, 2, 8]) {
        for (const p of [1, 16]) {
          const hash = `$scrypt$ln=${ln},r=${r},p=${p}$c2FsdA$${base64('x'.repeat(32))}`
          const isUsable = find('scrypt').problem({ scheme: 'scrypt', hash }) === undefined
          const options = { N: 2 ** ln, r, p, maxmem: 512 * 1024 * 1024 }
          // Only those that are cheap are computed; the others are held by the bound on memory.
          if (128 * 2 ** ln * r * p > 4 * 1024 * 1024 && isUsable) continue
          const compute = () => scryptSync('password', 'salt', 32, options)
          if (isUsable) expect(compute).not.toThrow()
          else if (128 * 2 ** ln * r * p <= 256 * 1024 * 1024) expect(compute).toThrow()
        }
      }
    }
  })

  test('that needs the shop secret while none is set', () => {
    const scheme = createPasswordSchemes().find('prestashop-md5')
    expect(scheme?.problem({ scheme: 'prestashop-md5', hash: md5('x') })).toContain('PRESTASHOP_COOKIE_KEY')
  })
})

function find(name: string): PasswordScheme {
  const scheme = schemes.find(name)
  if (!scheme) throw new Error(`no scheme ${name}`)
  return scheme
}

async function accepts(scheme: PasswordScheme, password: string, stored: StoredPassword): Promise<boolean> {
  for (const form of scheme.forms(password)) if (await scheme.matches(form, stored)) return true
  return false
}

function digest(name: string, text: string): string {
  return createHash(name).update(text).digest('hex')
}

function md5(text: string): string {
  return digest('md5', text)
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function bcryptRow(cost: number): StoredPassword {
  return { scheme: 'bcrypt', hash: `$2y$${cost}$azRqq.pN0OlWjeVfVMZXOOwqYAx1hMfme6ZnDV.27grGOEZvG.uAO` }
}

function argonRow(parameters: string): StoredPassword {
  return {
    scheme: 'argon2id',
    hash: `$argon2id$v=19$${parameters}$c29tZXNhbHRzb21lc2FsdA$dv1yKgH0Qm0vJbxlC4jBxYwIlbWnz1GL4c9Wkt5Wxf0`,
  }
}

function magentoRow(versions: string): StoredPassword {
  return { scheme: 'magento', hash: `${digest('sha256', 'x')}:saltsaltsaltsalt:${versions}` }
}
