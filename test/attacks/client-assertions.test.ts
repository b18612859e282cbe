import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { read, tokensOf } from '../endpoints/client.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const CLIENT = 'by-assertion'
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = publicKey.export({ format: 'jwk' })
const REGISTERED = {
  client_id: CLIENT,
  first_party: true,
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [{ ...jwk, alg: 'ES256', use: 'sig' }] },
}

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER }, { captureLog: true })
  const { status } = await ask(server, OWNER, 'POST', '/v1/clients', { metadata: REGISTERED })
  if (status !== 201) throw new Error(`not registered: ${status}`)
})
afterAll(() => server?.stop())

const now = () => Math.floor(Date.now() / 1000)
/** Members as JSON texts, because JSON can say more than JavaScript writes: 1e999. */
type Members = Readonly<Record<string, string | undefined>>

function jws(header: object, members: Members): string {
  const payload = Object.entries(members).filter(([, value]) => value !== undefined)
  const text = `{${payload.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
  const input = [JSON.stringify(header), text].map((part) => Buffer.from(part).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

function assertion(members: Members = {}): string {
  const usual = {
    iss: `"${CLIENT}"`,
    sub: `"${CLIENT}"`,
    aud: JSON.stringify(server.url),
    jti: `"${randomUUID()}"`,
    exp: String(now() + 60),
  }
  return jws({ alg: 'ES256' }, { ...usual, ...members })
}

const ENDPOINTS = [
  ['/token', { grant_type: 'client_credentials' }],
  ['/introspect', { token: 'x' }],
  ['/revoke', { token: 'x' }],
  ['/par', { response_type: 'code', scope: 'openid' }],
  ['/device_authorization', { scope: 'openid' }],
  ['/backchannel', { scope: 'openid', login_hint: 'a@b.de' }],
] as const

const present = (path: string, client_assertion: string, fields: object) =>
  read(
    postForm(`${server.url}${path}`, {
      ...fields,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }),
  )

const HOUR = 3600
const instants: Record<string, (name: string) => Members> = {
  'a text': (name) => ({ [name]: `"${now() + 60}"` }),
  'a list': (name) => ({ [name]: `[${now() + 60}]` }),
  'an object': (name) => ({ [name]: '{}' }),
  true: (name) => ({ [name]: 'true' }),
  null: (name) => ({ [name]: 'null' }),
  'more than a number can be': (name) => ({ [name]: '1e999' }),
  'a huge number': (name) => ({ [name]: '1e300' }),
}
const odd: [string, () => Members][] = [
  ...['exp', 'iat', 'nbf'].flatMap((name) =>
    Object.entries(instants).map(([what, make]): [string, () => Members] => [`${name} is ${what}`, () => make(name)]),
  ),
  ['exp is missing', () => ({ exp: undefined })],
  ['exp is 0', () => ({ exp: '0' })],
  ['exp is below zero', () => ({ exp: '-1' })],
  ['exp has passed', () => ({ exp: String(now() - 60) })],
  ['exp is an hour ahead', () => ({ exp: String(now() + HOUR) })],
  ['exp is six minutes ahead', () => ({ exp: String(now() + 360) })],
  ['iat is ahead', () => ({ iat: String(now() + 120) })],
  ['iat is an hour ago', () => ({ iat: String(now() - HOUR) })],
  ['nbf is ahead', () => ({ nbf: String(now() + 120) })],
  ...['iss', 'sub', 'aud', 'jti'].flatMap((name): [string, () => Members][] => [
    [`${name} is missing`, () => ({ [name]: undefined })],
    [`${name} is null`, () => ({ [name]: 'null' })],
    [`${name} is a number`, () => ({ [name]: '7' })],
    [`${name} is a huge number`, () => ({ [name]: '1e999' })],
    [`${name} is an object`, () => ({ [name]: '{"a":1}' })],
    [`${name} is an empty list`, () => ({ [name]: '[]' })],
    [`${name} is a list of objects`, () => ({ [name]: '[{}]' })],
  ]),
  ...['iss', 'sub', 'aud'].flatMap((name): [string, () => Members][] => [
    [`${name} has a NUL`, () => ({ [name]: '"a\\u0000b"' })],
    [`${name} has half of a surrogate pair`, () => ({ [name]: '"\\ud800"' })],
  ]),
]

describe.each(ENDPOINTS)('at %s', (path, fields) => {
  test.each(odd)('a client assertion whose %s is refused, and nothing breaks', async (_, members) => {
    const { status, body } = await present(path, assertion(members()), fields)
    expect([400, 401]).toContain(status)
    expect(['invalid_client', 'invalid_request']).toContain(body.error)
  })

  test('one of a minute is taken, so that it is the member alone that is refused', async () => {
    const { body } = await present(path, assertion({ iat: String(now()), nbf: String(now()) }), fields)
    expect(body?.error).not.toBe('invalid_client')
  })
})

test('a client assertion is taken once, and up to five minutes ahead', async () => {
  const once = assertion({ exp: String(now() + 300), iat: String(now()) })
  const fields = { grant_type: 'client_credentials' }
  expect((await present('/token', once, fields)).status).toBe(200)
  expect(await present('/token', once, fields)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
})

test.each(['iat', 'jti', 'htm', 'htu'])(
  'a DPoP proof whose %s is anything at all is refused, and nothing breaks',
  async (name) => {
    const values = ['"x"', '[]', '[1]', '{}', 'null', 'true', '1e999', '-1', '7', undefined]
    for (const value of values) {
      const usual = {
        jti: `"${randomUUID()}"`,
        htm: '"POST"',
        htu: JSON.stringify(`${server.url}/token`),
        iat: String(now()),
      }
      const isFine = name === 'jti' && value === '"x"'
      const proof = jws({ alg: 'ES256', typ: 'dpop+jwt', jwk }, { ...usual, [name]: value })
      const { status, body } = await read(
        postForm(
          `${server.url}/token`,
          { grant_type: 'password', client_id: 'frontend', username: 'sonia@spryker.com', password: 'change123' },
          { dpop: proof },
        ),
      )
      expect([value, status, body.error]).toEqual([
        value,
        isFine ? 200 : 400,
        // One whose time is wrong is told to use a nonce in its place.
        isFine ? undefined : expect.stringMatching(/^(invalid_dpop_proof|use_dpop_nonce)$/),
      ])
    }
  },
)

test('an ID token hint with members of any kind is refused with a page, and nothing breaks', async () => {
  const { id_token } = await tokensOf(server.url, { scope: 'openid' })
  const [header = '', , signature] = id_token.split('.')
  for (const payload of ['null', '[]', '7', '{"aud":{}}', '{"aud":[]}', '{"aud":["frontend"]}', '{"aud":7}', '{}']) {
    const hint = [header, Buffer.from(payload).toString('base64url'), signature].join('.')
    for (const path of ['/logout?', '/authorize?client_id=frontend&response_type=code&prompt=none&']) {
      const { status } = await fetch(`${server.url}${path}id_token_hint=${hint}`, { redirect: 'manual' })
      expect([payload, path, status]).toEqual([payload, path, expect.toBeOneOf([303, 400])])
    }
  }
})

test('none of this was an error of ours', () => {
  expect(server.logLines.filter((line) => line.includes('request.failed'))).toEqual([])
})
