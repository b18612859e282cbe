import { expect, test } from 'vitest'
import { relyingPartyOf } from '../src/app/services/passkeys.ts'
import { type ConfigError, countWorkers, readConfig } from '../src/config.ts'

const problemsOf = (environment: Record<string, string>): string => {
  try {
    readConfig(environment)
    return ''
  } catch (error) {
    return (error as ConfigError).problems.join('\n')
  }
}
const DATABASE_URL = 'postgres://localhost/shop'

test('WORKERS=auto is one process per core, and one where the database is embedded', () => {
  const cores = 6
  expect(countWorkers(readConfig({ WORKERS: 'auto', DATABASE_URL }), cores)).toBe(6)
  expect(countWorkers(readConfig({ WORKERS: 'auto' }), cores)).toBe(1)
  expect(countWorkers(readConfig({ WORKERS: '3', DATABASE_URL }), cores)).toBe(3)
  expect(problemsOf({ WORKERS: 'many' })).toMatch(/^WORKERS is "many": must be "auto" or a positive number/)
})

test('a certificate header that anybody could send is refused, and so are settings that need one', () => {
  expect(problemsOf({ MTLS_CERTIFICATE_HEADER: 'X-Client-Cert' })).toContain('TRUSTED_PROXIES')
  expect(problemsOf({ MTLS_CERTIFICATE_HEADER: 'X-Client-Cert', TRUSTED_PROXIES: '10.0.0.7' })).toBe('')
  expect(problemsOf({ MTLS_VERIFIED_HEADER: 'X-Client-Verified' })).toContain('MTLS_CERTIFICATE_HEADER')
  expect(problemsOf({ MTLS_CERTIFICATE_HEADER: 'x y', TRUSTED_PROXIES: '10.0.0.7' })).toContain('the name of a header')
})

test('whoever moves only the port is the issuer there; who names an issuer is believed', () => {
  expect(readConfig({}).ISSUER).toBe('http://localhost:4000')
  expect(readConfig({ PORT: '5000' }).ISSUER).toBe('http://localhost:5000')
  expect(readConfig({ PORT: '5000', ISSUER: 'https://id.shop.example/' }).ISSUER).toBe('https://id.shop.example')
})

test.each([
  [{ ISSUER: 'https://id.shop.example', PASSKEY_RP_ID: 'shop.example.org' }, 'the host of ISSUER is id.shop.example'],
  [{ ISSUER: 'https://id.shop.example', PASSKEY_RP_ID: 'op.example' }, 'the host of ISSUER is id.shop.example'],
  [{ ISSUER: 'https://10.0.0.1', PASSKEY_RP_ID: '10.0.0.1' }, 'browsers take no IP address'],
  [{ PASSKEY_RP_ID: 'https://localhost' }, 'must be a domain'],
  [{ PASSKEY_ORIGINS: 'https://shop.example/' }, 'must be https origins'],
  [{ PASSKEY_ORIGINS: 'http://shop.example' }, 'must be https origins'],
  [{ PASSKEY_ORIGINS: 'android:apk-key-hash:short' }, 'must be https origins'],
])('passkeys that no browser would make are refused at the start: %o', (settings, problem) => {
  expect(problemsOf(settings)).toContain(problem)
})

test('passkeys are for the host of the issuer, or a parent of it, where the settings say so', () => {
  const issuer = { ISSUER: 'https://id.shop.example' }
  const of = (settings: object) => relyingPartyOf(readConfig({ ...issuer, ...settings }))
  expect(of({})).toEqual({ id: 'id.shop.example', name: 'id.shop.example', origins: ['https://id.shop.example'] })
  const app = `android:apk-key-hash:${'a'.repeat(43)}`
  const given = { PASSKEY_RP_ID: 'shop.example', PASSKEY_ORIGINS: `https://shop.de, ${app}` }
  expect(of(given)).toMatchObject({ id: 'shop.example', origins: ['https://id.shop.example', 'https://shop.de', app] })
  expect(of({ PASSKEY_RP_ID: 'none' })).toBeUndefined()
  for (const ISSUER of ['http://127.0.0.1:4000', 'http://[::1]:4000', 'https://10.0.0.1'])
    expect(relyingPartyOf(readConfig({ ISSUER })), ISSUER).toBeUndefined()
})
