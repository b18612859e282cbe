import { randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, introspect, RON_ID, ron, SONIA_COMPANY_USER, sonia } from '../endpoints/client.ts'
import { waitFor } from '../support/wait-for.ts'
import { JWT_BEARER, type LinkedShop, startLinkedShop, type Trusted } from './linked-shop.ts'

const RON = { email: ron.username, password: ron.password }
const SONIA = { email: sonia.username, password: sonia.password }
const DEFAULT_RESOURCE = 'urn:vestibule:commerce'
const WAREHOUSE = 'urn:vestibule:warehouse'

let shop: LinkedShop
let ucp: Trusted
let company: Trusted
let plain: Trusted
beforeAll(async () => {
  shop = await startLinkedShop()
  ucp = await shop.trust('ucp')
  company = await shop.trust('id-jag')
  plain = await shop.trust('plain')
  for (const issuer of [ucp, company, plain]) await issuer.connect(RON, 'ron')
  await company.connect(SONIA, 'sonia')
})
afterAll(() => shop?.stop())

const refused = (error: string) => ({ status: 400, body: expect.objectContaining({ error }) })
const metadata = async () =>
  (await (await fetch(`${shop.server.url}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>
const auditOf = async (type: string) =>
  (await ask(shop.server, OWNER, 'GET', `/v1/audit?type=${type}&limit=100`)).body.items as Record<string, unknown>[]

describe('tokens', () => {
  test('for an assertion of UCP live a quarter of an hour, and there is none to refresh them', async () => {
    const { status, body, headers } = await ucp.present({ sub: 'ron' })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 900, scope: 'customer' })
    expect(headers.get('cache-control')).toBe('no-store')
    const { payload } = decode(body.access_token)
    expect(payload).toMatchObject({ sub: RON_ID, client_id: shop.clientId, acr: 'urn:vestibule:acr:recognised' })
    expect(payload).not.toHaveProperty('auth_time')
    expect(await introspect(shop.server.url, body.access_token)).toMatchObject({ active: true, sub: RON_ID })
  })

  test('for an ID-JAG live as long, and an ID-JAG may be presented again until it ends', async () => {
    const assertion = await company.assert({ sub: 'ron' })
    for (const _time of ['first', 'second']) {
      const { status, body } = await company.trade(assertion, { scope: 'customer' })
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body).not.toHaveProperty('refresh_token')
      expect(body.expires_in).toBe(900)
    }
  })

  test('for a plain assertion can be refreshed where the client may', async () => {
    const { body } = await plain.present({ sub: 'ron' })
    expect(body).toMatchObject({ refresh_token: expect.any(String), expires_in: 900 })
    await plain.change({ clients: ['somebody-else'] })
    expect(await plain.present({ sub: 'ron' })).toMatchObject(refused('invalid_grant'))
    await plain.change({ clients: undefined })
  })

  test('tell when and how strongly the person signed in, as far as the record says what that is worth here', async () => {
    const authTime = Math.floor(Date.now() / 1000) - 500
    await ucp.change({
      acr_map: { 'urn:theirs:gold': 'urn:vestibule:acr:signed-in', 'amr:mfa': 'urn:vestibule:acr:second-factor' },
    })
    const acrOf = async (claims: object) =>
      decode((await ucp.present({ sub: 'ron', auth_time: authTime, ...claims })).body.access_token).payload
    expect(await acrOf({ acr: 'urn:theirs:gold' })).toMatchObject({
      acr: 'urn:vestibule:acr:signed-in',
      auth_time: authTime,
    })
    expect(await acrOf({ acr: 'urn:theirs:gold', amr: ['pwd', 'mfa'] })).toMatchObject({
      acr: 'urn:vestibule:acr:second-factor',
    })
    expect(await acrOf({ acr: 'urn:vestibule:acr:second-factor' })).toMatchObject({
      acr: 'urn:vestibule:acr:recognised',
    })
    expect(await acrOf({ amr: ['pwd', 'mfa'] })).not.toHaveProperty('amr')
  })

  test('name who acts, with who says so; an agent of the shop acts by no word of others', async () => {
    const act = { sub: 'assistant-7', act: { sub: 'planner' } }
    const { body } = await company.present({ sub: 'ron', act })
    const { issuer: iss } = company.provider
    const said = { iss, sub: 'assistant-7', act: { iss, sub: 'planner' } }
    expect(decode(body.access_token).payload.act).toEqual(said)
    expect(await introspect(shop.server.url, body.access_token)).toMatchObject({ active: true, act: said })
    for (const act of [{ sub: `agent:${randomUUID()}` }, { sub: 'x', act: { sub: 'agent:1' } }, 'text', { sub: 1 }])
      expect(await company.present({ sub: 'ron', act })).toMatchObject(refused('invalid_grant'))
  })

  test('act as the company user that the request names, and as none of others', async () => {
    const { body } = await company.present({ sub: 'sonia' }, { company_user_id: SONIA_COMPANY_USER })
    expect(decode(body.access_token).payload).toMatchObject({ id_company_user: SONIA_COMPANY_USER })
    expect(await company.present({ sub: 'ron' }, { company_user_id: SONIA_COMPANY_USER })).toMatchObject(
      refused('access_denied'),
    )
  })

  test('of an issuer for some companies act for these alone', async () => {
    const { body } = await company.present({ sub: 'sonia' })
    const { payload } = decode(body.access_token)
    const other = randomUUID()
    await company.change({ companies: [other] })
    expect(await company.present({ sub: 'sonia' })).toMatchObject(refused('invalid_grant'))
    expect(await company.present({ sub: 'sonia' }, { company_user_id: SONIA_COMPANY_USER })).toMatchObject(
      refused('access_denied'),
    )
    expect(await company.present({ sub: 'ron' })).toMatchObject(refused('invalid_grant'))
    const users = await ask(shop.server, OWNER, 'GET', `/v1/customers/${payload.sub}`)
    const { companyUsers } = users.body as { companyUsers: { id: string; company: { id: string } }[] }
    await company.change({ companies: [companyUsers.find(({ id }) => id === SONIA_COMPANY_USER)?.company.id, other] })
    const again = await company.present({ sub: 'sonia' })
    expect(decode(again.body.access_token).payload).toMatchObject({ id_company_user: SONIA_COMPANY_USER })
    await company.change({ companies: undefined })
  })
})

describe('an assertion that is good once', () => {
  test('gives tokens once of 20 times at once', async () => {
    const assertion = await ucp.assert({ sub: 'ron' })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ucp.trade(assertion, { scope: 'customer' })))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
      expect({ status, error: body.error }).toEqual({ status: 400, error: 'invalid_grant' })
    }
  })

  test('is not spent by a request that is refused for another reason', async () => {
    const assertion = await ucp.assert({ sub: 'ron' })
    expect(await ucp.trade(assertion, { scope: 'orders:read', resource: 'urn:nowhere' })).toMatchObject(
      refused('invalid_target'),
    )
    expect(await ucp.trade(assertion, { scope: 'no-such-scope' })).toMatchObject(refused('invalid_scope'))
    expect(await ucp.trade(assertion, { scope: 'customer', company_user_id: SONIA_COMPANY_USER })).toMatchObject(
      refused('access_denied'),
    )
    expect(await ucp.trade(assertion, { scope: 'customer' })).toMatchObject({ status: 200 })
  })

  test('of two issuers are two, though they have one jti', async () => {
    const other = await shop.trust('ucp')
    await other.connect(RON, 'ron')
    const jti = randomUUID()
    expect(await ucp.present({ sub: 'ron', jti })).toMatchObject({ status: 200 })
    expect(await other.present({ sub: 'ron', jti })).toMatchObject({ status: 200 })
  })
})

describe('is refused', () => {
  test('a request without an assertion, with two, and with an intent that is not for it', async () => {
    const assertion = await ucp.assert({ sub: 'ron' })
    expect(await ucp.trade('', {})).toMatchObject(refused('invalid_request'))
    expect(await ucp.trade(assertion, { intent: 'get' })).toMatchObject(refused('invalid_request'))
  })

  test('a client that may not use the grant type', async () => {
    const { headers } = await shop.addClient({ grant_types: ['client_credentials'] })
    const assertion = await ucp.assert({ sub: 'ron', client_id: undefined })
    expect(await ucp.trade(assertion, {}, headers)).toMatchObject(refused('unauthorized_client'))
  })

  test('a client that does not prove itself: 401', async () => {
    const { clientId } = await shop.addClient()
    const answer = await ucp.trade(await ucp.assert({ sub: 'ron' }), { client_id: clientId }, {})
    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('a public client with an ID-JAG', async () => {
    const { clientId, headers } = await shop.addClient({ token_endpoint_auth_method: 'none' })
    const assertion = await company.assert({ sub: 'ron', client_id: clientId })
    expect(await company.trade(assertion, { client_id: clientId }, headers)).toMatchObject(refused('invalid_grant'))
  })

  test('an ID-JAG of another client, of another typ, and for two audiences', async () => {
    const { ISSUER } = shop.server.config
    const two = { aud: [ISSUER, 'https://other.example'] }
    expect(await company.present({ sub: 'ron', client_id: 'another' })).toMatchObject(refused('invalid_grant'))
    expect(await company.present({ sub: 'ron' }, {}, { typ: 'JWT' })).toMatchObject(refused('invalid_grant'))
    expect(await company.present({ sub: 'ron', ...two })).toMatchObject(refused('invalid_grant'))
    expect(await company.present({ sub: 'ron', aud: [ISSUER] })).toMatchObject({ status: 200 })
  })

  test('an issuer that is not listed, and this server', async () => {
    for (const iss of ['https://unknown.example', shop.server.config.ISSUER])
      expect(await ucp.present({ sub: 'ron', iss })).toMatchObject(refused('invalid_grant'))
    const own = await ask(shop.server, OWNER, 'POST', '/v1/issuers', {
      issuer: { id: 'own', issuer: shop.server.config.ISSUER, kind: 'plain' },
    })
    expect(own).toMatchObject({ status: 400, body: { detail: expect.stringContaining('does not trust itself') } })
  })

  test('everything while the keys of the issuer cannot be had', async () => {
    const down = await shop.trust('plain')
    await down.connect(RON, 'ron')
    down.provider.replies.set('/jwks', (_request, response) => void response.writeHead(500).end())
    expect(await down.present({ sub: 'ron' })).toMatchObject(refused('invalid_grant'))
    const checked = await ask(shop.server, OWNER, 'GET', `/v1/issuers/${down.id}/check`)
    expect(checked.body).toEqual({ isUsable: false, problem: 'keys: answered 500' })
  })

  test('an issuer that was disabled, from the next request on, until it is enabled again', async () => {
    expect(await ucp.present({ sub: 'ron' })).toMatchObject({ status: 200 })
    await ucp.change({ is_enabled: false })
    expect(await ucp.present({ sub: 'ron' })).toMatchObject(refused('invalid_grant'))
    await ucp.change({ is_enabled: true })
    expect(await ucp.present({ sub: 'ron' })).toMatchObject({ status: 200 })
  })

  test('details that limit the assertion and are not understood', async () => {
    const authorization_details = [{ type: 'urn:other:limit' }]
    expect(await company.present({ sub: 'ron', authorization_details })).toMatchObject(refused('invalid_grant'))
  })

  test('a customer who is blocked, and one whom the issuer names otherwise', async () => {
    const customer = await shop.addCustomer()
    await company.connect(customer, 'blocked')
    const aud_sub = RON_ID
    expect(await company.present({ sub: 'blocked', aud_sub })).toMatchObject(refused('invalid_grant'))
    expect(await company.present({ sub: 'blocked', aud_sub: customer.id })).toMatchObject({ status: 200 })
    await ask(shop.server, OWNER, 'POST', `/v1/customers/${customer.id}/block`)
    expect(await company.present({ sub: 'blocked' })).toMatchObject(refused('invalid_grant'))
  })
})

describe('scopes', () => {
  test('are those that the request, the assertion and the record have in common, and the answer says which', async () => {
    const { headers } = await shop.addClient({ first_party: true })
    const claims = { sub: 'ron', client_id: undefined }
    const ask = async (scope: string | undefined, more: object = {}) => {
      const assertion = await plain.assert({ ...claims, ...more })
      const { body } = await plain.trade(assertion, scope === undefined ? {} : { scope }, headers)
      return body.error ?? body.scope
    }
    expect(await ask('customer orders:read nonsense agent offline_access openid')).toBe('customer orders:read')
    expect(await ask('customer orders:read orders:write', { scope: 'orders:read catalog:read' })).toBe('orders:read')
    expect(await ask(undefined, { scope: 'orders:read catalog:read' })).toBe('orders:read catalog:read')
    await plain.change({ scopes: ['orders:read', 'carts:read'] })
    expect(await ask('customer orders:read')).toBe('orders:read')
    expect(await ask(undefined)).toBe('orders:read carts:read')
    expect(await ask('orders:write')).toBe('invalid_scope')
    expect(await ask('orders:read', { scope: '' })).toBe('invalid_scope')
    await plain.change({ scopes: undefined })
    expect(await ask(undefined)).toBe('invalid_scope')
  })

  test('with a policy are given to those who signed in so at the issuer, and nothing is spent where none is left', async () => {
    const identifier = `urn:test:${randomUUID()}`
    const scope_policies = {
      strong: { min_acr: 'urn:vestibule:acr:second-factor' },
      young: { max_token_age: 300 },
    }
    const made = { identifier, scopes: ['free', 'strong', 'young'], format: 'jwt', scope_policies }
    expect((await ask(shop.server, OWNER, 'POST', '/v1/resource-servers', made)).status).toBe(201)
    const { headers } = await shop.addClient({ first_party: true })
    const issuer = await shop.trust('ucp', { acr_map: { gold: 'urn:vestibule:acr:second-factor' } })
    await issuer.connect(RON, 'ron')
    const nowSeconds = Math.floor(Date.now() / 1000)
    const trade = async (assertion: string, scope: string) =>
      (await issuer.trade(assertion, { scope, resource: identifier }, headers)).body
    const assert = (more: object) => issuer.assert({ sub: 'ron', client_id: undefined, ...more })
    expect((await trade(await assert({}), 'free strong young')).scope).toBe('free')
    expect((await trade(await assert({ acr: 'gold' }), 'free strong young')).scope).toBe('free strong')
    const young = { acr: 'gold', auth_time: nowSeconds - 60 }
    expect((await trade(await assert(young), 'free strong young')).scope).toBe('free strong young')
    expect((await trade(await assert({ auth_time: nowSeconds - 400 }), 'young')).error).toBe('invalid_scope')
    const weak = await assert({})
    expect((await trade(weak, 'strong')).error).toBe('invalid_scope')
    expect((await trade(weak, 'free')).scope).toBe('free')
  })

  test('of a client of others are not more than it was given', async () => {
    const { headers } = await shop.addClient({ resource_scopes: ['orders:read'] })
    const assertion = await plain.assert({ sub: 'ron', client_id: undefined })
    const { body } = await plain.trade(assertion, { scope: 'orders:read orders:write' }, headers)
    expect(body.scope).toBe('orders:read')
  })
})

describe('the resource server', () => {
  const audienceOf = async (claims: object, fields: Record<string, string> = {}) => {
    const { body } = await company.present({ sub: 'ron', ...claims }, fields)
    return body.error ?? (await introspect(shop.server.url, body.access_token)).aud
  }

  test('is the one that the assertion is for', async () => {
    expect(await audienceOf({})).toBe(DEFAULT_RESOURCE)
    expect(await audienceOf({ resource: WAREHOUSE })).toBe(WAREHOUSE)
    expect(await audienceOf({ resource: [WAREHOUSE] })).toBe(WAREHOUSE)
    expect(await audienceOf({ resource: WAREHOUSE }, { resource: DEFAULT_RESOURCE })).toBe('invalid_target')
    expect(await audienceOf({ resource: [WAREHOUSE, DEFAULT_RESOURCE] }, { resource: WAREHOUSE })).toBe(WAREHOUSE)
    for (const resource of ['urn:nowhere', [], 7, { a: 1 }])
      expect(await audienceOf({ resource })).toBe('invalid_target')
  })

  test('is one that the record allows', async () => {
    await company.change({ resources: [WAREHOUSE] })
    expect(await audienceOf({})).toBe(WAREHOUSE)
    expect(await audienceOf({}, { resource: DEFAULT_RESOURCE })).toBe('invalid_target')
    expect(await audienceOf({ resource: DEFAULT_RESOURCE })).toBe('invalid_target')
    await company.change({ resources: undefined })
  })
})

describe('a person who is not connected', () => {
  test('is refused, and never joined to the account of their address', async () => {
    const claims = { sub: 'stranger', email: RON.email, email_verified: true }
    for (const issuer of [ucp, company, plain])
      expect(await issuer.present(claims)).toMatchObject(refused('invalid_grant'))
    await ucp.change({ subjects: 'provision', email_domains: ['swanson.com'] })
    expect(await ucp.present(claims)).toMatchObject(refused('invalid_grant'))
    await ucp.change({ subjects: undefined, email_domains: undefined })
    expect((await ask(shop.server, OWNER, 'GET', `/v1/customers/${RON_ID}`)).body).toMatchObject({ id: RON_ID })
  })

  test('gets an account without a password where the record says so, with an address that is not confirmed', async () => {
    const issuer = await shop.trust('ucp', { subjects: 'provision', email_domains: ['people.example'] })
    const email = `new-${randomUUID()}@elsewhere.example`
    const first = await issuer.present({
      sub: 'new',
      email,
      email_verified: true,
      given_name: 'Nia',
      family_name: '<b>',
    })
    expect(first.status, JSON.stringify(first.body)).toBe(200)
    const { sub } = decode(first.body.access_token).payload
    const { body } = await ask(shop.server, OWNER, 'GET', `/v1/customers/${sub}`)
    expect(body).toMatchObject({ email, emailVerified: false, givenName: 'Nia' })
    expect(body).not.toHaveProperty('familyName')
    const again = await issuer.present({ sub: 'new' })
    expect(decode(again.body.access_token).payload.sub).toBe(sub)
    expect(await issuer.present({ sub: 'other', email })).toMatchObject(refused('invalid_grant'))
    expect(await issuer.present({ sub: 'other' })).toMatchObject(refused('invalid_grant'))
    expect(await issuer.present({ sub: 'other', email: 'no address' })).toMatchObject(refused('invalid_grant'))

    const own = await issuer.present({ sub: 'own', email: `own-${randomUUID()}@people.example` })
    const made = await ask(shop.server, OWNER, 'GET', `/v1/customers/${decode(own.body.access_token).payload.sub}`)
    expect(made.body).toMatchObject({ emailVerified: true })
  })

  test('gets no tokens of a client for confirmed addresses while the address is only what the issuer says', async () => {
    const { clientId, headers } = await shop.addClient({ verified_email_only: true })
    const issuer = await shop.trust('ucp', { subjects: 'provision', email_domains: ['people.example'] })
    const tokensFor = async (sub: string, email: string) =>
      issuer.trade(await issuer.assert({ sub, email, client_id: clientId }), { scope: 'customer' }, headers)
    expect(await tokensFor('said', `said-${randomUUID()}@elsewhere.example`)).toMatchObject(refused('invalid_grant'))
    expect((await tokensFor('own', `own-${randomUUID()}@people.example`)).status).toBe(200)
  })

  test('gets one account, however many requests come at once', async () => {
    const issuer = await shop.trust('ucp', { subjects: 'provision' })
    const email = `crowd-${randomUUID()}@elsewhere.example`
    const answers = await Promise.all(Array.from({ length: 10 }, () => issuer.present({ sub: 'crowd', email })))
    const subjects = answers
      .filter(({ status }) => status === 200)
      .map(({ body }) => decode(body.access_token).payload.sub)
    expect(new Set(subjects).size).toBe(1)
    expect((await issuer.present({ sub: 'crowd', email })).status).toBe(200)
    for (const { status } of answers) expect([200, 400]).toContain(status)
  })
})

describe('a key that the assertion names', () => {
  async function proofBy(key: Awaited<ReturnType<typeof generateKeyPair>>) {
    const jwk = await exportJWK(key.publicKey)
    const proof = await new SignJWT({ htm: 'POST', htu: `${shop.server.url}/token`, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(key.privateKey)
    return { proof, jkt: await calculateJwkThumbprint(jwk) }
  }

  test('must be proved, and the token is bound to it', async () => {
    const { clientId, headers } = await shop.addClient()
    const [key, other] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
    const { jkt } = await proofBy(key)
    const assertion = await company.assert({ sub: 'ron', client_id: clientId, cnf: { jkt } })
    const trade = (more: Record<string, string>) =>
      company.trade(assertion, { scope: 'customer' }, { ...headers, ...more })
    expect(await trade({})).toMatchObject(refused('invalid_grant'))
    expect(await trade({ DPoP: (await proofBy(other)).proof })).toMatchObject(refused('invalid_grant'))
    const { status, body } = await trade({ DPoP: (await proofBy(key)).proof })
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.token_type).toBe('DPoP')
    expect(decode(body.access_token).payload.cnf).toEqual({ jkt })
  })
})

describe('what others learn', () => {
  test('is in the metadata: the grant type and the profile, and never who is trusted', async () => {
    const said = await metadata()
    expect(said.grant_types_supported).toContain(JWT_BEARER)
    expect(said.authorization_grant_profiles_supported).toEqual(['urn:ietf:params:oauth:grant-profile:id-jag'])
    expect(JSON.stringify(said)).not.toContain(company.provider.issuer)
    await company.change({ is_enabled: false })
    expect(await metadata()).not.toHaveProperty('authorization_grant_profiles_supported')
    await company.change({ is_enabled: true })
    expect(await metadata()).toHaveProperty('authorization_grant_profiles_supported')
  })

  test('is one answer for each thing that is wrong, except a claim of an assertion that is signed', async () => {
    const description = async (claims: Record<string, unknown>) =>
      (await company.present(claims)).body.error_description
    const usual = 'the assertion is not accepted'
    expect(await description({ iss: 'https://unknown.example' })).toBe(usual)
    expect(await description({ sub: 'stranger' })).toBe(usual)
    expect(await description({ sub: 'ron', exp: 1 })).toBe(`${usual}: see its claim exp`)
  })

  test('is on record without the assertion: who got tokens by which issuer, and why others did not', async () => {
    const assertion = await company.assert({ sub: 'stranger' })
    await company.trade(assertion, {})
    await company.present({ sub: 'ron' })
    await waitFor(async () =>
      (await auditOf('login.succeeded')).some(({ reason }) => String(reason).includes(company.id)),
    )
    const entries = [...(await auditOf('assertion.refused')), ...(await auditOf('login.succeeded'))]
    expect(entries.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([`${company.id}: subject-unknown`, `by an assertion of the issuer ${company.id}`]),
    )
    expect(JSON.stringify(entries)).not.toContain(assertion.slice(0, 40))
  })
})
