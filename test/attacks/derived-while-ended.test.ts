import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import {
  authorizationUrl,
  CALLBACK,
  introspect,
  obtainCode,
  ordersService,
  pkce,
  read,
  redeem,
  tokensOf,
} from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/** Each test has a customer of its own: what is looked up is remembered for a moment. */
const customers = [1, 2, 3, 4, 5, 6].map((number) => ({
  id: `11111111-2222-4333-8444-55555555555${number}`,
  idCustomer: number,
  email: `customer${number}@shop.example`,
  customerReference: `S--${number}`,
  emailVerified: true,
}))
type Customer = (typeof customers)[number]
const [first, second, third, quiet, everywhere, traded] = customers as [
  Customer,
  Customer,
  Customer,
  Customer,
  Customer,
  Customer,
]
const PASSWORD = 'a long password of an agent'

let shop: Server
let server: TestServer
/** What happens while the shop looks the customer up. */
let meanwhile: (() => Promise<unknown>) | undefined

beforeAll(async () => {
  shop = createServer(async (request, response) => {
    const { url = '', method } = request
    const asked = url + (await request.toArray()).join('')
    const isLookUp = method === 'GET' && !url.includes('login=')
    if (isLookUp) await meanwhile?.()
    const known = customers.find((each) =>
      [each.id, each.email].some((name) => decodeURIComponent(asked).includes(name)),
    )
    response.end(JSON.stringify(known ?? customers.find((each) => asked.includes(each.customerReference))))
  })
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
  const { port } = shop.address() as AddressInfo
  server = await startTestServer({ ADMIN_TOKEN, SHOP_DIRECTORY_URL: `http://127.0.0.1:${port}` })
})
afterEach(() => {
  meanwhile = undefined
  vi.useRealTimers()
})
afterAll(async () => {
  await server?.stop()
  shop.close()
})

/** An agent's tokens for a customer, asked for while `event` happens to the agent. */
async function impersonateDuring(customer: Customer, event: (agentId: string) => Promise<unknown>) {
  const email = `for-${customer.idCustomer}@back-office.example`
  const agent = await askAdmin<{ id: string }>(server, 'POST', '/v1/agents', {
    email,
    password: PASSWORD,
    idWarehouse: 7,
  })
  const own = await tokensOf(server.url, {
    grant_type: 'urn:vestibule:grant:agent',
    username: email,
    password: PASSWORD,
  })
  let isAsked = false
  meanwhile = async () => {
    if (!isAsked) await event(agent.body.id)
    isAsked = true
  }

  const answer = await read(
    postForm(`${server.url}/token`, {
      grant_type: 'urn:vestibule:grant:impersonation',
      client_id: 'frontend',
      subject_token: own.access_token,
      customer_reference: customer.customerReference,
      scope: 'customer',
    }),
  )
  expect([answer.status, isAsked], answer.text).toEqual([200, true])
  return introspect(server.url, answer.body.access_token)
}

test('a token that an agent gets for a customer works where nothing happens', async () => {
  expect(await impersonateDuring(quiet, async () => {})).toMatchObject({ active: true, sub: quiet.id })
})

test.each([
  ['is blocked and let in again', first, ['/block', '/unblock']],
  ['gets another warehouse', second, ['/warehouse']],
  ['is signed out everywhere', third, ['/sign-outs']],
])('and is worth nothing where, while it is made, the agent %s', async (_, customer, acts) => {
  const told = await impersonateDuring(customer, async (id) => {
    for (const act of acts) {
      const body = { '/warehouse': { idWarehouse: 8 }, '/sign-outs': { of: 'agent', id } }[act]
      const path = act === '/sign-outs' ? '/v1/sign-outs' : `/v1/agents/${id}${act}`
      expect((await askAdmin(server, 'POST', path, body)).status).toBe(200)
    }
  })
  expect(told).toEqual({ active: false })
})

test('a grant that a session gives while its person is signed out everywhere is worth nothing', async () => {
  const metadata = {
    client_id: 'another-storefront',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    first_party: true,
    grant_types: ['authorization_code'],
    redirect_uris: [CALLBACK],
  }
  expect((await askAdmin(server, 'POST', '/v1/clients', { metadata })).status).toBe(201)
  const login = { username: everywhere.email, password: 'what the shop knows' }
  const { jar } = await obtainCode(server.url, {}, { login })

  // The customer is looked up anew, and the sign-out is earlier than the grant.
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Date.now() + 10_000)
  let signOuts = 0
  meanwhile = async () => {
    if (signOuts++ > 0) return
    expect((await askAdmin(server, 'POST', '/v1/sign-outs', { of: 'customer', id: everywhere.id })).status).toBe(200)
    vi.setSystemTime(Date.now() + 1000)
  }
  const { verifier, challenge } = pkce()
  const asked = { client_id: 'another-storefront', code_challenge: challenge, code_challenge_method: 'S256' }
  const page = await jar.follow(await jar.fetch(authorizationUrl(server.url, asked)), { stopAt: CALLBACK })
  expect(signOuts).toBeGreaterThan(0)
  const code = new URL(page.url).searchParams.get('code') ?? 'none'
  const { body } = await read(redeem(server.url, code, verifier, { client_id: 'another-storefront' }))
  const told = body.access_token ? await introspect(server.url, body.access_token) : { active: false }
  expect(told).toEqual({ active: false })
})

test('a token that a service trades while the service is signed out is worth nothing', async () => {
  const own = await tokensOf(server.url, { username: traded.email, password: 'what the shop knows' })
  let isAsked = false
  meanwhile = async () => {
    if (isAsked) return
    isAsked = true
    const { status } = await askAdmin(server, 'POST', '/v1/sign-outs', { of: 'client', id: 'orders-service' })
    expect(status).toBe(200)
  }
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: own.access_token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: 'urn:vestibule:warehouse',
  }
  const answer = await read(postForm(`${server.url}/token`, form, ordersService))
  expect([answer.status, isAsked], answer.text).toEqual([200, true])
  expect(await introspect(server.url, answer.body.access_token)).toEqual({ active: false })
})
