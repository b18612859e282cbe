import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cacheSeconds } from '../../src/clients/documents/cache-time.ts'
import { readClientIdUrl } from '../../src/clients/documents/client-id-url.ts'
import { consentDigest } from '../../src/clients/documents/consent-digest.ts'
import { knownPartOf, shapeOf } from '../../src/clients/documents/look-alikes.ts'
import { readDocument } from '../../src/clients/documents/read-document.ts'
import { parseStrictly } from '../../src/clients/documents/strict-json.ts'
import { trustOf, withCeilings } from '../../src/clients/documents/trust.ts'

const URL_OF_APP = new URL('https://app.example/client.json')
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const KEY = { ...newKey(), kid: 'one' }
const said = (members: object = {}) =>
  readDocument(
    JSON.stringify({ client_id: URL_OF_APP.href, redirect_uris: ['https://app.example/callback'], ...members }),
    URL_OF_APP,
  ).metadata
const byKey = (key: object) => said({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [key] } })

describe('people are asked again', () => {
  const before = said({ client_name: 'Helper' })
  test.each([
    ['for another host', said({ client_name: 'Helper', redirect_uris: ['https://evil.example/'] }), true],
    [
      'for one more host',
      said({ client_name: 'Helper', redirect_uris: ['https://app.example/', 'http://[::1]/'] }),
      true,
    ],
    ['for another name', said({ client_name: 'Other' }), true],
    ['for a key', { ...byKey(KEY), client_name: 'Helper' }, true],
    ['not for another path', said({ client_name: 'Helper', redirect_uris: ['https://app.example/other'] }), false],
    ['not for terms', said({ client_name: 'Helper', tos_uri: 'https://app.example/terms' }), false],
  ])('%s', (_, after, isAsked) => {
    expect(consentDigest(after) !== consentDigest(before)).toBe(isAsked)
  })

  test('for another key, not for the same keys in another order or spelling', () => {
    const other = { ...newKey(), kid: 'two' }
    const of = (...keys: object[]) =>
      consentDigest(said({ token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } }))
    expect(of(KEY)).not.toBe(of(other))
    expect(of(KEY, other)).toBe(of(other, KEY))
    expect(of(KEY)).toBe(of(Object.fromEntries(Object.entries({ ...KEY, x5c: ['a'] }).reverse())))
  })

  test('not for another port of loopback, which changes with each sign-in', () => {
    const at = (port: string) => consentDigest(said({ redirect_uris: [`http://127.0.0.1${port}/callback`] }))
    expect(at(':1')).toBe(at(':2'))
  })
})

describe('what documents leave out is filled in, and what has no use is left out', () => {
  test.each([
    ['no method is none', {}, { token_endpoint_auth_method: 'none' }],
    [
      'keys for something else change nothing',
      { jwks: { keys: [KEY] } },
      { token_endpoint_auth_method: 'none', jwks: undefined },
    ],
    [
      'none among several is none',
      { token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'], jwks: { keys: [KEY] } },
      { token_endpoint_auth_method: 'none' },
    ],
    [
      'several with a key only',
      { token_endpoint_auth_methods_supported: ['private_key_jwt'], jwks: { keys: [KEY] } },
      { token_endpoint_auth_method: 'private_key_jwt' },
    ],
    [
      'a loopback redirect makes it native',
      { redirect_uris: ['http://localhost/'], application_type: 'web' },
      { application_type: 'native' },
    ],
    [
      'a scheme of its own makes it native',
      { redirect_uris: ['com.example.app:/callback'] },
      { application_type: 'native' },
    ],
    ['https alone is web', { application_type: 'native' }, { application_type: 'web' }],
    ['no name is its host', {}, { client_name: 'app.example' }],
    [
      'other grant types are dropped',
      { grant_types: ['authorization_code', 'password', 'client_credentials', 'refresh_token'] },
      { grant_types: ['authorization_code', 'refresh_token'] },
    ],
    [
      'a page of somebody else is dropped',
      { client_uri: 'https://bank.example/', tos_uri: 'https://app.example/terms' },
      { client_uri: undefined, tos_uri: 'https://app.example/terms' },
    ],
    ['a logo is dropped', { logo_uri: 'https://app.example/logo.png' }, { logo_uri: undefined }],
    [
      'what only operators say is dropped',
      {
        first_party: true,
        authorization_challenge: true,
        resource_scopes: ['all'],
        introspects: ['*'],
        document: {},
        __proto__: null,
      },
      {
        first_party: undefined,
        authorization_challenge: undefined,
        resource_scopes: undefined,
        introspects: undefined,
        document: undefined,
      },
    ],
    [
      'its scopes are what it asks for when it names none',
      { scope: 'openid  orders:read openid "' },
      { default_scope: 'openid orders:read' },
    ],
  ])('%s', (_, members, expected) => {
    expect(said(members)).toMatchObject(
      Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
    )
    for (const [name, value] of Object.entries(expected))
      if (value === undefined) expect(said(members)).not.toHaveProperty(name)
  })
})

describe('JSON that programs read differently is refused', () => {
  test.each([
    ['a member twice', '{"a":1,"a":2}'],
    ['a member twice inside', '{"a":{"b":1,"b":2}}'],
    ['a member twice in a list', '[{"b":1,"b":2}]'],
    ['a member twice in two spellings', '{"a":1,"\\u0061":2}'],
    ['nine levels', '[[[[[[[[[]]]]]]]]]'],
    ['a comment', '{}//'],
  ])('%s', (_, text) => {
    expect(() => parseStrictly(text)).toThrow(SyntaxError)
  })

  test.each([
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '[{"a":1},{"a":1}]',
    '{"a":{"a":1}}',
    '{"a":["a","a",":"],"b:":1}',
    '"a:b"',
  ])('%s is not', (text) => {
    expect(parseStrictly(text)).toEqual(JSON.parse(text))
  })
})

test.each([
  ['PayPal', 'PАYPAL'],
  ['Claude', 'C1аude'],
  ['Demo shop', 'ＤｅｍｏＳｈｏｐ'],
  ['Amazon', 'Arnazon'],
  ['Müller', 'Muller '],
  ['Claude', 'Clau\u3164de\u1160\u200b'],
  ['Google', 'G o-o g l e™'.replace('™', '')],
])('%s and %s are taken for each other', (one, other) => {
  expect(shapeOf(one)).toBe(shapeOf(other))
})

test.each([
  ['www.agent.example', 'agent'],
  ['mcp.agent.example:8443', 'agent'],
  ['agent.co.uk', 'agent'],
  ['app.agent.com.au', 'agent'],
  ['co.uk.example', 'uk'],
  ['localhost', 'localhost'],
])('people know %s by %s', (host, known) => {
  expect(knownPartOf(host)).toBe(known)
})

test('a host is listed by itself, with its port, and an address alone; other names of it are strangers', () => {
  const policy = { mode: 'open', listed: ['app.example', 'https://other.example/a.json'] } as const
  const trust = (url: string) => trustOf(policy, new URL(url))
  expect(trust('https://app.example/any')).toBe('listed')
  expect(trust('https://other.example/a.json')).toBe('listed')
  for (const url of [
    'https://app.example:8443/any',
    'https://sub.app.example/any',
    'https://app.example.evil/any',
    'https://other.example/b.json',
  ])
    expect(trust(url)).toBe('stranger')
  expect(trustOf({ ...policy, mode: 'listed' }, new URL('https://else.example/a'))).toBeUndefined()
  expect(trustOf({ ...policy, mode: 'off' }, new URL('https://app.example/any'))).toBeUndefined()
})

test('a stranger holds its tokens for less time than a listed app', () => {
  expect(withCeilings(said(), 'stranger')).toMatchObject({ refresh_token_ttl_seconds: 604_800 })
  expect(withCeilings(said(), 'listed')).not.toHaveProperty('refresh_token_ttl_seconds')
})

test('an address is a client id only as every program writes it', () => {
  for (const id of ['https://app.example/a', 'https://app.example:8443/a?b=c', 'https://xn--mnchen-3ya.example/a%2Fb'])
    expect(readClientIdUrl(id)?.href).toBe(id)
})

test('the age of an answer counts, and no-cache is no time', () => {
  const seconds = (headers: Record<string, string>) => cacheSeconds(new Headers(headers), 0)
  expect(seconds({ 'cache-control': 'public, max-age=600', age: '200' })).toBe(400)
  expect(seconds({ 'cache-control': 'max-age=600, no-cache' })).toBe(60)
  expect(seconds({ 'cache-control': 's-maxage=10, Max-Age=90' })).toBe(90)
  expect(seconds({ expires: 'Thu, 01 Jan 1970 00:10:00 GMT' })).toBe(600)
})
