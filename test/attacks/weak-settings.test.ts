import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig, whyNoDemo } from '../../src/config.ts'
import { runVestibule } from '../process/vestibule.ts'
import { temporaryDirectory } from '../support/run-directory.ts'

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const own = () => randomBytes(32).toString('base64')
const production = (more: Record<string, string> = {}) => ({
  NODE_ENV: 'production',
  ISSUER: 'https://id.shop.example',
  COOKIE_KEYS: own(),
  KEY_ENCRYPTION_KEY: own(),
  ...more,
})

describe('NODE_ENV', () => {
  test.each(['development', 'test'])('%s is one of its values', (NODE_ENV) => {
    expect(problemsOf({ NODE_ENV })).toEqual([])
  })

  test.each(['Production', 'prod', 'PRODUCTION', 'production ', 'staging', 'dev', '0'])(
    '"%s" is refused with the values there are',
    (NODE_ENV) => {
      const problems = problemsOf({ NODE_ENV })
      expect(problems).toHaveLength(1)
      expect(problems[0]).toMatch(/^NODE_ENV is ".*": must be development, test or production/)
    },
  )
})

test.each([
  ['development', 'http://localhost:4000', true],
  ['test', 'https://localhost:8443', true],
  ['development', 'https://127.0.0.1', true],
  ['development', 'https://id.shop.example', false],
  ['test', 'https://id.shop.example', false],
  ['production', 'http://localhost:4000', false],
])('with NODE_ENV=%s and ISSUER=%s demo secrets may work: %s', (NODE_ENV, ISSUER, mayWork) => {
  expect(whyNoDemo({ NODE_ENV, ISSUER }) === undefined).toBe(mayWork)
})

test('the demo is not loaded for a public https issuer, whatever NODE_ENV is', async () => {
  const DATA_DIR = temporaryDirectory('public')
  const { code, stderr } = await runVestibule(['demo', 'load'], { DATA_DIR, ISSUER: 'https://id.shop.example' })
  expect([code, stderr]).toEqual([1, expect.stringMatching(/ISSUER is https:\/\/id\.shop\.example.*demo secrets/)])
})

describe('in production a secret that was never chosen is refused', () => {
  const placeholders = [
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    '00000000000000000000000000000000',
    'abababababababababababababababab',
    'changemechangeme',
    'CHANGE_ME_BEFORE_PRODUCTION',
    'please-change-this-secret',
    'placeholder-for-the-key',
    'replace-me-with-a-real-secret',
    'your-secret-key-goes-here',
    '<a secret of 32 characters>',
    '0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz',
    '9876543210987654321098765432',
    'password12345678',
    'qwertyuiopasdfgh',
    'secretsecretsecret',
  ]
  const names = ['ADMIN_TOKEN', 'COOKIE_KEYS', 'KEY_ENCRYPTION_KEY', 'AUDIT_WEBHOOK_SECRET', 'SIGN_IN_WEBHOOK_SECRET']

  test.each(names)('as %s, alone and among others', (name) => {
    for (const placeholder of placeholders) {
      for (const value of [placeholder, ...(name.endsWith('SECRET') ? [] : [`${own()},${placeholder}`])]) {
        const problems = problemsOf(production({ [name]: value }))
        expect([value, problems]).toEqual([
          value,
          [expect.stringMatching(new RegExp(`^${name} is a placeholder.*openssl`))],
        ])
        expect(problems[0]).not.toContain(placeholder)
      }
    }
  })

  test('and one that was made is not', () => {
    for (let count = 0; count < 500; count++) {
      const secrets = [own(), randomBytes(32).toString('hex'), randomBytes(16).toString('base64url')]
      for (const ADMIN_TOKEN of secrets) expect(problemsOf(production({ ADMIN_TOKEN }))).toEqual([])
    }
  })

  test('elsewhere it is not looked at', () => {
    expect(problemsOf({ ADMIN_TOKEN: 'aaaaaaaaaaaaaaaa' })).toEqual([])
  })
})

describe('TRUSTED_PROXIES', () => {
  test.each(['10.0.0.7', '10.0.0.0/8', '2001:db8::/32', '::1', '127.0.0.1,10.0.0.0/24, fd00::/8', ''])(
    '"%s" is taken',
    (TRUSTED_PROXIES) => {
      expect(problemsOf({ TRUSTED_PROXIES })).toEqual([])
    },
  )

  test.each([
    'nginx',
    'true',
    '*',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '0.0.0.0/0',
    '::/0',
    '2001:db8::/129',
    'fe80::1%eth0',
    '[::1]',
    '10.0.0.7:80',
    '10.0.0.7,nginx',
  ])('"%s" is refused with what it takes', (TRUSTED_PROXIES) => {
    expect(problemsOf({ TRUSTED_PROXIES })).toEqual([expect.stringMatching(/^TRUSTED_PROXIES .*IP addresses or CIDR/)])
  })
})
