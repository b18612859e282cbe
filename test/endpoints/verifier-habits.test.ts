import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { basicAuth } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, ordersService, read, refresh, type Tokens, tokensOf } from './client.ts'

const HABITS = [
  { name: 'plain', members: {} },
  { name: 'nbf', members: { with_nbf: true } },
  { name: 'no-nbf', members: { with_nbf: false, token_typ: 'at+jwt' } },
  { name: 'jwt', members: { token_typ: 'JWT' } },
  { name: 'both', members: { with_nbf: true, token_typ: 'JWT' } },
] as const

const identifierOf = (name: string) => `urn:test:${name}`
const asker = basicAuth('asker', 'secret-of-the-asker')
const machine = { grant_type: 'client_credentials', username: undefined, password: undefined }

describe.each(['true', 'false'])('with FAST_PATH=%s', (FAST_PATH) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER, FAST_PATH })
    const metadata = { client_id: 'asker', first_party: true, grant_types: ['client_credentials'], introspects: ['*'] }
    expect((await ask(server, OWNER, 'POST', '/v1/clients', { metadata, secret: 'secret-of-the-asker' })).status).toBe(
      201,
    )
    for (const { name, members } of HABITS) {
      const settings = { identifier: identifierOf(name), scopes: [], format: 'jwt', hasMachineTokens: true, ...members }
      expect((await ask(server, OWNER, 'POST', '/v1/resource-servers', settings)).status).toBe(201)
    }
  })
  afterAll(() => server?.stop())

  const WAYS: readonly (readonly [string, (resource: string) => Promise<Tokens>])[] = [
    ['a sign-in', (resource) => tokensOf(server.url, { resource })],
    ['a client', (resource) => tokensOf(server.url, { ...machine, resource }, ordersService)],
    [
      'a refresh',
      async (resource) => {
        const { refresh_token } = await tokensOf(server.url, { resource, scope: 'customer' })
        const { body } = await read(refresh(server.url, refresh_token))
        return (await read(refresh(server.url, body.refresh_token))).body
      },
    ],
  ]
  const CASES = HABITS.flatMap((habit) => WAYS.map(([way, get]) => ({ ...habit, way, get })))

  test.each(CASES)('a token of $way for the resource server $name says what its verifier needs', async (row) => {
    const { access_token } = await row.get(identifierOf(row.name))
    const { header, payload } = decode(access_token)
    const members: { with_nbf?: boolean; token_typ?: string } = row.members
    expect(header.typ).toBe(members.token_typ ?? 'at+jwt')
    expect(payload.nbf).toBe(members.with_nbf ? payload.iat : undefined)
    await jwtVerify(access_token, createRemoteJWKSet(new URL(`${server.url}/jwks`)), {
      issuer: server.url,
      audience: identifierOf(row.name),
      typ: members.token_typ ?? 'at+jwt',
    })
    expect(await introspect(server.url, access_token, asker)).toMatchObject({
      active: true,
      aud: identifierOf(row.name),
    })
  })

  test('the default validator of Spring Security takes tokens of typ JWT alone: the member makes the difference', async () => {
    const accepted = await tokensOf(server.url, { resource: identifierOf('jwt') })
    const refused = await tokensOf(server.url, { resource: identifierOf('plain') })
    expect([accepted, refused].map(({ access_token }) => springDefault(access_token))).toEqual([
      undefined,
      'the given typ value needs to be one of [JWT]',
    ])
  })

  test('StrictValidAt of lcobucci/jwt wants iat, nbf and exp: the member makes the difference', async () => {
    const accepted = await tokensOf(server.url, { resource: identifierOf('nbf') })
    const refused = await tokensOf(server.url, { resource: identifierOf('plain') })
    const now = Date.now() / 1000
    expect([accepted, refused].map(({ access_token }) => strictValidAt(access_token, now))).toEqual([
      undefined,
      '"Not Before" claim missing',
    ])
  })

  test('a token is never from the future, and valid from its first moment on', async () => {
    const { access_token } = await tokensOf(server.url, { resource: identifierOf('both') })
    const { iat, nbf } = decode(access_token).payload
    expect(Number(nbf)).toBeLessThanOrEqual(Math.floor(Date.now() / 1000))
    expect(nbf).toBe(iat)
  })

  test.each([{ with_nbf: true }, { token_typ: 'JWT' }])(
    '%j is refused for opaque tokens, with the reason',
    async (members) => {
      const settings = { identifier: 'urn:test:opaque', scopes: [], format: 'opaque', ...members }
      const { status, body } = await ask(server, OWNER, 'POST', '/v1/resource-servers', settings)
      expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining('is for JWTs')])
    },
  )
})

/** The rules of `JwtTypeValidator.jwt()`, the one that `NimbusJwtDecoder` has unless told otherwise: its reason, or none. */
function springDefault(token: string): string | undefined {
  const { typ } = decode(token).header
  return typ === undefined || typ === 'JWT' ? undefined : 'the given typ value needs to be one of [JWT]'
}

/** The rules of `StrictValidAt` without leeway: its first violation, or none. */
function strictValidAt(token: string, now: number): string | undefined {
  const { iat, nbf, exp } = decode(token).payload
  if (iat === undefined) return '"Issued At" claim missing'
  if (nbf === undefined) return '"Not Before" claim missing'
  if (exp === undefined) return '"Expiration Time" claim missing'
  if (Number(iat) > now) return 'The token was issued in the future'
  if (Number(nbf) > now) return 'The token cannot be used yet'
  return Number(exp) <= now ? 'The token is expired' : undefined
}
