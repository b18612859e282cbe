import { spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../../support/describe-on.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { AGENT, bearer, decode, exchange, obtain, SONIA, SONIA_COMPANY_USER } from './exchange.ts'

const VALIDATOR = fileURLToPath(new URL('./bearer-token-validator.php', import.meta.url))

describeOn('php', 'the shop’s own validator, in PHP', () => {
  let server: TestServer
  let tokens: Record<'customer' | 'companyUser' | 'agent' | 'impersonated' | 'backOffice', string>
  let pem: string

  beforeAll(async () => {
    server = await startTestServer()
    const { url } = server
    const customer = (await obtain(url, 'access-tokens', SONIA)).accessToken
    const agent = (await obtain(url, 'agent-access-tokens', AGENT)).accessToken
    const choice = { idCompanyUser: SONIA_COMPANY_USER }
    const reference = { customerReference: 'DE--21' }
    const impersonation = 'agent-customer-impersonation-access-tokens'
    const backOffice = await exchange(url, { path: '/token', body: { grantType: 'password', ...AGENT } })
    tokens = {
      customer,
      agent,
      companyUser: (await obtain(url, 'company-user-access-tokens', choice, bearer(customer))).accessToken,
      impersonated: (await obtain(url, impersonation, reference, bearer(agent))).accessToken,
      backOffice: (backOffice.json as { access_token: string }).access_token,
    }
    const { keys } = (await (await fetch(`${url}/jwks`)).json()) as { keys: { kid: string }[] }
    const jwk = keys.find(({ kid }) => kid === decode(customer).header.kid)
    pem = createPublicKey({ key: jwk as never, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString()
  })
  afterAll(() => server?.stop())

  function validate(token: string, { key = pem, now = Math.floor(Date.now() / 1000) } = {}) {
    const input = JSON.stringify({ pem: key, header: `Bearer ${token}`, now })
    const { stdout, stderr, status } = spawnSync('php', [VALIDATOR], { input, encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    return JSON.parse(stdout) as Record<string, unknown>
  }

  test.each([
    ['customer', ['customer'], { id_customer: 21, id_agent: null }],
    ['companyUser', ['company_user'], { id_company_user: SONIA_COMPANY_USER }],
    ['impersonated', ['customer_impersonation', 'customer'], { customer_reference: 'DE--21', id_agent: null }],
    ['agent', ['agent'], { id_agent: 1, customer_reference: null }],
    ['backOffice', ['user', 'back-office-user'], { id_user: 1, user_reference: null }],
  ] as const)('accepts the token of %s and reads who it is', (name, scopes, identity) => {
    expect(validate(tokens[name])).toMatchObject({
      oauth_client_id: 'frontend',
      aud_is_text: true,
      oauth_scopes: scopes,
      oauth_access_token_id: decode(tokens[name]).payload.jti,
      identity,
    })
  })

  test('reads permissions with their configurations and signatures as PHP wrote them', () => {
    const { permissions } = (validate(tokens.customer).identity as { permissions: { permissions: object[] } })
      .permissions
    const carts = [53, 52, 51, 50, 49, 28, 27, 25, 24, 23, 22, 21]
    expect(permissions).toMatchObject([
      { id_permission: 1, configuration: { id_quote_collection: carts }, configuration_signature: '[]' },
      { id_permission: 2, configuration_signature: '[]' },
      { configuration: { id_shopping_list_collection: { 0: 1, 2: 2, 3: 3 } }, configuration_signature: [] },
      { configuration_signature: [] },
    ])
  })

  test('refuses what it must refuse', () => {
    const [header = '', payload = '', signature = ''] = tokens.customer.split('.')
    const { exp, iat } = decode(tokens.customer).payload as { exp: number; iat: number }
    const rewrite = (part: string, change: object) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(part, 'base64url').toString()), ...change })).toString(
        'base64url',
      )
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ type: 'spki', format: 'pem' })
      .toString()
    expect(validate(tokens.customer, { now: exp })).toEqual({ denied: 'The token is expired' })
    expect(validate(tokens.customer, { now: iat - 1 })).toHaveProperty('denied')
    expect(validate(tokens.customer, { key: other })).toEqual({ denied: 'Token signature mismatch' })
    expect(validate(`${header}.${rewrite(payload, { scopes: ['agent'] })}.${signature}`)).toHaveProperty('denied')
    expect(validate(`${rewrite(header, { alg: 'none' })}.${payload}.`)).toEqual({ denied: 'Token signer mismatch' })
    expect(validate('made-up')).toHaveProperty('denied')
  })
})
