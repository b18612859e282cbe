import { expect, test } from 'vitest'
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
