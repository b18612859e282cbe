import { expect, test } from 'vitest'
import { examineSettings } from '../../src/cli/doctor/doctor-settings.ts'
import { readConfig } from '../../src/config.ts'

const production = {
  NODE_ENV: 'production',
  ISSUER: 'https://auth.shop.example',
  COOKIE_KEYS: 'Jm9QyWv3Tn6Zr1Xs8Kd4Lp7Hb2Gf5Cq0',
  KEY_ENCRYPTION_KEY: 'Rt5Yw8Qe2Uo9Ia4Sd7Fg1Hj6Kl3Zx0Cv',
}
const HOSTS = { CLIENT_METADATA_HOSTS: 'app.example' }

test.each([
  ['off', { CLIENT_METADATA_DOCUMENTS: 'off' }, undefined],
  ['listed in production', { ...production, ...HOSTS, CLIENT_METADATA_DOCUMENTS: 'listed' }, true],
  ['open in development', { CLIENT_METADATA_DOCUMENTS: 'open' }, true],
  ['open in production', { ...production, CLIENT_METADATA_DOCUMENTS: 'open' }, false],
])('doctor warns of documents from anywhere in production: %s', (_, settings, isWell) => {
  const found = examineSettings(readConfig(settings), {}).find(({ check }) => check === 'unknown clients')
  expect(found?.isWell).toBe(isWell)
})

test.each([
  ['off', { DYNAMIC_REGISTRATION: 'off' }, undefined],
  ['with tokens in production', { ...production, DYNAMIC_REGISTRATION: 'token' }, true],
  ['open in development', { DYNAMIC_REGISTRATION: 'open' }, true],
  ['open in production', { ...production, DYNAMIC_REGISTRATION: 'open' }, false],
])('doctor warns of registrations by anybody in production: %s', (_, settings, isWell) => {
  const found = examineSettings(readConfig(settings), {}).find(({ check }) => check === 'registration')
  expect(found?.isWell).toBe(isWell)
})

test('scopes for software that cannot register itself are refused, with the fix', () => {
  expect(() => readConfig({ DYNAMIC_REGISTRATION_SCOPES: 'orders:read' })).toThrow(/Set DYNAMIC_REGISTRATION to/)
})

test.each([
  ['listed without hosts', { CLIENT_METADATA_DOCUMENTS: 'listed' }],
  ['hosts that nothing reads', HOSTS],
  ['a host with a path', { CLIENT_METADATA_DOCUMENTS: 'listed', CLIENT_METADATA_HOSTS: 'app.example/a' }],
  ['a host in capital letters', { CLIENT_METADATA_DOCUMENTS: 'listed', CLIENT_METADATA_HOSTS: 'App.example' }],
  ['an address without a path', { CLIENT_METADATA_DOCUMENTS: 'listed', CLIENT_METADATA_HOSTS: 'https://app.example/' }],
  ['http', { CLIENT_METADATA_DOCUMENTS: 'listed', CLIENT_METADATA_HOSTS: 'http://app.example/a' }],
  ['everything', { CLIENT_METADATA_DOCUMENTS: 'listed', CLIENT_METADATA_HOSTS: '*' }],
])('settings that would let in another set of documents than they seem to are refused: %s', (_, settings) => {
  expect(() => readConfig(settings)).toThrow(/CLIENT_METADATA_/)
})
