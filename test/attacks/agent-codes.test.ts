import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokenCodes } from '../../src/oauth/tokens/token-codes.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { ask as askAdmin } from '../admin/administrators.ts'
import { agentToken, graphql, keyIn, rest, SIGN_IN, signedIn, signIn, works } from '../dialects/magento/shop-api.ts'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'

const ADMIN = 'an-admin-token-for-tests'
const NEW = 'a password of the thief'

let shop: HostedShop
let url: string
let places = 0
beforeAll(async () => {
  shop = await startHostedShop()
  url = shop.server.url
})
afterAll(() => shop?.stop())

const newPlace = () => ({ 'x-forwarded-for': `203.0.113.${++places}` })
const codeFor = async (number: number, token: string) =>
  ((await rest(url, 'POST', `/customer/${number}/otp`, { token })).json as { otp?: string }).otp ?? 'no code'

/** An agent of their own, by their own token. */
async function newAgent() {
  const email = `agent${++places}@example.com`
  const made = await askAdmin(shop.server, ADMIN, 'POST', '/v1/agents', { email, password: 'change123' })
  const body = { username: email, password: 'change123' }
  const token = String((await rest(url, 'POST', '/integration/admin/token', { body })).json)
  return { id: String(made.body.id), token }
}

describe('the one-time code of an agent', () => {
  test('gives one of many who use it at once a token', async () => {
    const { number, email } = await signedIn(shop, { consents: true })
    const code = await codeFor(number, await agentToken(url))
    const tokens = await Promise.all(Array.from({ length: 12 }, () => signIn(url, email, code)))
    expect(tokens.filter((token) => token !== 'no token')).toHaveLength(1)
  })

  test.each<[string, (agent: Awaited<ReturnType<typeof newAgent>>) => Promise<unknown>]>([
    ['is blocked', ({ id }) => askAdmin(shop.server, ADMIN, 'POST', `/v1/agents/${id}/block`)],
    ['is signed out', ({ id }) => askAdmin(shop.server, ADMIN, 'POST', '/v1/sign-outs', { of: 'agent', id })],
  ])('is worth nothing once the agent %s', async (_, end) => {
    const { number, email } = await signedIn(shop, { consents: true })
    const agent = await newAgent()
    const code = await codeFor(number, agent.token)
    expect(code).toMatch(/^[0-9a-f]{32}$/)
    const ended = await end(agent)
    expect((ended as { status: number }).status).toBeLessThan(300)
    expect(await signIn(url, email, code)).toBe('no token')
  })

  test.each<[string, (customer: Awaited<ReturnType<typeof signedIn>>) => Promise<unknown>]>([
    [
      'changes the password',
      ({ token, password }) =>
        rest(url, 'PUT', '/customers/me/password', { token, body: { currentPassword: password, newPassword: NEW } }),
    ],
    ['signs out', ({ token }) => rest(url, 'POST', '/integration/customer/revoke-customer-token', { token })],
    ['deletes the account', ({ token }) => graphql(url, 'mutation { deleteCustomer }', { token })],
  ])('is worth nothing once the customer %s', async (_, end) => {
    const customer = await signedIn(shop, { consents: true })
    const code = await codeFor(customer.number, await agentToken(url))
    await end(customer)
    expect(await signIn(url, customer.email, code)).toBe('no token')
  })

  test('is no password: it changes none, and resets none', async () => {
    const { number, email, token } = await signedIn(shop, { consents: true })
    const code = await codeFor(number, await agentToken(url))
    const change = { currentPassword: code, newPassword: NEW }
    expect((await rest(url, 'PUT', '/customers/me/password', { token, body: change })).status).toBe(401)
    const reset = { email, resetToken: code, newPassword: NEW }
    expect((await rest(url, 'POST', '/customers/resetPassword', { body: reset })).status).toBe(400)
    const confirm = { confirmationKey: code }
    expect((await rest(url, 'PUT', '/customers/me/activate', { body: confirm })).status).toBe(400)
    const form = new URLSearchParams({ grant_type: 'password', client_id: 'frontend', username: email, password: code })
    expect((await fetch(`${url}/token`, { method: 'POST', body: form })).status).toBe(400)
    expect(await signIn(url, email, code)).not.toBe('no token')
  })

  test('is guessed no more often than a password', async () => {
    const { number, email } = await signedIn(shop, { consents: true })
    const code = await codeFor(number, await agentToken(url))
    const headers = newPlace()
    const guess = (otp: string) =>
      graphql(
        url,
        'mutation ($email: String!, $otp: String!) { exchangeOtpForCustomerToken(email: $email, otp: $otp) { token } }',
        {
          variables: { email, otp },
          headers,
        },
      )
    for (let count = 0; count < 12; count++) expect((await guess(randomBytes(16).toString('hex'))).status).toBe(401)
    const locked = await graphql(url, SIGN_IN, { variables: { email, password: 'a good password' }, headers })
    expect(locked.status).toBe(401)
    expect((await guess(code)).status, 'who has it needs no guess').toBe(200)
  })

  test('is in storage no token and no code', async () => {
    const kept: unknown[] = []
    const storage = createMemoryStorage()
    const put: typeof storage.put = async (...given) => {
      kept.push(given[2])
      await storage.put(...given)
    }
    const codes = createTokenCodes({ storage: { put, get: storage.get, consume: storage.consume } })
    const code = await codes.make({ accountId: 'a', login: 'b' }, { token: 'the-token', expiresAt: 1 }, 30)
    expect(JSON.stringify(kept)).not.toMatch(new RegExp(`the-token|${code}`))
    expect(await codes.redeem(code, 'b')).toEqual({ token: 'the-token', expiresAt: 1 })
  })
})

describe('the key of a letter that signs in in place of a password', () => {
  const asked = async () => {
    const customer = await signedIn(shop)
    await rest(url, 'PUT', '/customers/password', { body: { email: customer.email, template: 'email_reset' } })
    return { ...customer, key: await keyIn(shop, customer.email) }
  }

  test('is used up by one of many at once', async () => {
    const { email, key } = await asked()
    const tokens = await Promise.all(Array.from({ length: 12 }, () => signIn(url, email, key)))
    expect(tokens.filter((token) => token !== 'no token')).toHaveLength(1)
  })

  test('is dead once the password changed, and for any other address', async () => {
    const { email, password, token, key } = await asked()
    const other = await shop.addCustomer()
    expect(await signIn(url, other.email, key)).toBe('no token')
    const body = { currentPassword: password, newPassword: NEW }
    await rest(url, 'PUT', '/customers/me/password', { token, body })
    expect(await signIn(url, email, key)).toBe('no token')
  })

  test('signs in nowhere but at this shop’s endpoints', async () => {
    const { email, key } = await asked()
    const forms: Record<string, string>[] = [
      { grant_type: 'password', username: email, password: key },
      { grant_type: 'urn:vestibule:grant:one-time-password', username: email, one_time_password: key },
    ]
    for (const fields of forms) {
      const body = new URLSearchParams({ ...fields, client_id: 'frontend' })
      expect((await fetch(`${url}/token`, { method: 'POST', body })).status).toBe(400)
    }
    expect(await works(url, await signIn(url, email, key))).toBe(true)
  })
})

test('the refresh token of another client, or of another service, refreshes nothing here', async () => {
  const { email: username, password } = await shop.addCustomer()
  const metadata = {
    client_id: 'another-app',
    token_endpoint_auth_method: 'none',
    grant_types: ['password', 'refresh_token'],
    first_party: true,
  }
  await askAdmin(shop.server, ADMIN, 'POST', '/v1/clients', { metadata })
  for (const [client_id, resource] of [
    ['another-app', 'urn:vestibule:dialect:magento'],
    ['frontend', 'urn:vestibule:commerce'],
  ] as const) {
    const body = new URLSearchParams({ grant_type: 'password', client_id, resource, username, password })
    const { refresh_token } = (await (await fetch(`${url}/token`, { method: 'POST', body })).json()) as {
      refresh_token: string
    }
    expect(refresh_token).toEqual(expect.any(String))
    const refreshed = await rest(url, 'POST', '/integration/customer/refresh-customer-token', {
      body: { refresh_token },
    })
    expect([client_id, refreshed.status]).toEqual([client_id, 401])
  }
})
