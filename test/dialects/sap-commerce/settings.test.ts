import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { introspect, ordersService, read, ron } from '../../endpoints/client.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import type { TestServer } from '../../support/server.ts'
import { AGENT, BASE, requestToken, STOREFRONT, signedUser, signIn, startSapShop, TOKEN } from './shop.ts'

const PASSWORD = { grant_type: 'password', ...STOREFRONT, ...ron }

describe('below a base path and before its sunset', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startSapShop({
      DIALECT_MOUNTS: 'sap-commerce=/shop',
      DIALECT_SUNSETS: 'sap-commerce=2999-06-30',
      SAP_COMMERCE_SCOPES: 'basic,extended',
    })
  })
  afterAll(() => server?.stop())

  test('the endpoints answer there, announce their end, and say so in the metadata', async () => {
    const answer = await read(postForm(`${server.url}/shop${TOKEN}`, PASSWORD))
    expect([answer.status, answer.body.scope, answer.headers.has('sunset')]).toEqual([200, 'basic extended', true])
    const { body } = await read(fetch(`${server.url}/shop${BASE}/.well-known/openid-configuration`))
    expect([body.issuer, body.token_endpoint]).toEqual([server.url, `${server.url}/shop${TOKEN}`])
    const keys = await read(fetch(`${server.url}/shop${BASE}/oauth/jwks`))
    expect([keys.status, keys.headers.has('sunset'), keys.text]).toEqual([
      200,
      true,
      await (await fetch(`${server.url}/jwks`)).text(),
    ])
    expect((await requestToken(server.url, PASSWORD)).status).toBe(404)
  })

  test('an unknown path and another method are refused in the shop’s words', async () => {
    const unknown = await read(fetch(`${server.url}/shop/occ/v2/electronics/users/current`))
    expect([unknown.status, unknown.body.errors[0].type]).toEqual([404, 'UnknownResourceError'])
    const method = await read(fetch(`${server.url}/shop${TOKEN}`))
    expect([method.status, method.body, method.headers.get('allow')]).toEqual([
      405,
      { error: 'method_not_allowed', error_description: "Request method 'GET' not supported" },
      'OPTIONS, POST',
    ])
  })
})

describe('one setting after another', () => {
  let server: TestServer | undefined
  afterEach(() => server?.stop())

  test('after its sunset every endpoint is gone, keys and all', async () => {
    server = await startSapShop({ DIALECT_SUNSETS: 'sap-commerce=2020-06-30' })
    const { url } = server
    const answers = [
      read(postForm(url + TOKEN, PASSWORD)),
      read(fetch(`${url}${BASE}/oauth/jwks`)),
      read(fetch(`${url}${BASE}/oauth/authorize`, { redirect: 'manual' })),
      read(postForm(`${url}/occ/v2/x/users/anonymous/verificationToken`, {})),
    ]
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([410, 410, 410, 410])
  })

  test('no employee signs in without SAP_COMMERCE_EMPLOYEE_DOMAIN, and nobody by a signature without a secret', async () => {
    server = await startSapShop({ SAP_COMMERCE_EMPLOYEE_DOMAIN: undefined, SAP_COMMERCE_CDC_SECRET: undefined })
    const employee = await requestToken(server.url, { grant_type: 'password', ...STOREFRONT, ...AGENT })
    expect([employee.status, employee.body.error_description]).toEqual([400, 'Bad credentials'])
    const signed = await requestToken(server.url, { ...signedUser('DE--21'), ...STOREFRONT })
    expect([signed.status, signed.body.error_description]).toEqual([401, 'Unauthorized grant type: custom'])
  })
})

describe('check_token and introspect', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startSapShop()
  })
  afterAll(() => server?.stop())

  const ask = (endpoint: string, token: string, headers: Record<string, string> = ordersService) =>
    read(postForm(`${server.url}${BASE}/oauth/${endpoint}`, { token }, headers))

  test('say who it is in the words of either generation', async () => {
    const { access_token } = await signIn(server.url, ron)
    const { body } = await ask('check_token', access_token)
    expect(body).toEqual({
      aud: ['hybris'],
      user_name: ron.username,
      authorities: ['ROLE_CUSTOMERGROUP'],
      scope: ['basic'],
      active: true,
      exp: expect.any(Number),
      client_id: STOREFRONT.client_id,
    })
    const { access_token: agent } = await signIn(server.url, AGENT)
    expect((await ask('check_token', agent)).body.authorities).toContain('ROLE_ASAGENTGROUP')
    expect((await ask('introspect', access_token)).body).toEqual(await introspect(server.url, access_token))
  })

  test('tell nothing of a token that does not work, and nothing to a client without its secret', async () => {
    expect((await ask('introspect', 'x')).body).toEqual({ active: false })
    const unknown = await ask('check_token', 'x')
    const sentence = 'Token was not recognised'
    expect([unknown.status, unknown.body]).toEqual([400, { error: 'invalid_token', error_description: sentence }])
    const { access_token } = await signIn(server.url, ron)
    for (const endpoint of ['check_token', 'introspect']) {
      for (const headers of [basicAuth('orders-service', 'wrong'), basicAuth('frontend', '')]) {
        expect((await ask(endpoint, access_token, headers)).status).toBe(401)
      }
      expect((await ask(endpoint, access_token, {})).status).toBe(401)
    }
  })
})
