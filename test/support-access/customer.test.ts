import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { runCommand } from '../cli/run-command.ts'
import { introspect, read, tokensOf } from '../endpoints/client.ts'
import { lettersIn } from '../support/outbox.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { actFor, actingTokens, agentTokens, owner, trailOf } from './acting.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, SUPPORT_ACCESS_PERMISSION: 'needed' })
})
afterAll(() => server?.stop())

type Listed = { readonly id: string; readonly is_open: boolean }

/** Asks the customer's own endpoint. */
function own(token: string | undefined, method = 'GET', path = '', init: RequestInit = {}) {
  const headers = { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...init.headers }
  return read(fetch(`${server.url}/support-access${path}`, { ...init, method, headers }))
}

const allow = (token: string, isAllowed: boolean) =>
  own(token, 'PUT', '/permission', {
    body: JSON.stringify({ is_allowed: isAllowed }),
    headers: { 'content-type': 'application/json' },
  })

const REFUSED = {
  status: 400,
  body: { error: 'access_denied', error_description: 'the customer does not allow support access' },
}

describe('the customer’s permission', () => {
  test('an agent acts only for customers who allow it, and no longer than they do', async () => {
    const { access_token } = await tokensOf(server.url)
    expect((await own(access_token)).body).toMatchObject({ is_allowed: false, is_permission_needed: true })
    expect(await actFor(server)).toMatchObject(REFUSED)
    expect(await allow(access_token, true)).toMatchObject({ status: 200, body: { is_allowed: true } })
    const acting = await actingTokens(server)
    expect(await introspect(server.url, acting.access_token)).toMatchObject({ active: true })
    expect((await own(access_token)).body).toMatchObject({ support_accesses: [{ is_open: true }] })
    await allow(access_token, false)
    expect((await own(access_token)).body).toMatchObject({ support_accesses: [{ is_open: false }] })
    expect(await introspect(server.url, acting.access_token)).toEqual({ active: false })
    const { body } = await owner(server, 'GET', '/v1/support-accesses?customer=DE--21')
    expect(body.items, 'operators see no more of it').toMatchObject([{ state: 'ended' }])
    expect(await actFor(server)).toMatchObject(REFUSED)
    const [changed] = await trailOf(server, ['customer.changed'])
    expect(changed).toMatchObject({ reason: 'by the customer: allowsSupport' })
  })

  const line = (allowsSupport?: boolean) =>
    JSON.stringify({
      email: 'ron@swanson.com',
      customerReference: 'DE--22',
      id: '79cc0486-bbdf-491b-a0a2-722383b6288b',
      ...(allowsSupport !== undefined && { allowsSupport }),
    })
  const ofRon = async (reference: string, allowsSupport: boolean) =>
    owner(server, 'PATCH', `/v1/customers/${reference}`, { allowsSupport }, { 'if-match': '*' })
  const importLine = (text: string) =>
    runCommand(['customers', 'import', '-'], { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }, `${text}\n`)

  test.each([
    ['an operator', async (reference: string, isAllowed: boolean) => void (await ofRon(reference, isAllowed))],
    [
      'an import',
      async (reference: string, isAllowed: boolean) =>
        void (await importLine(line(isAllowed).replace('DE--22', reference))),
    ],
  ])('%s gives and takes it, and what does not mention it leaves it', async (_, set) => {
    const { items } = (await owner(server, 'GET', '/v1/customers?search=ron@swanson.com')).body as {
      items: { customerReference: string }[]
    }
    const reference = String(items[0]?.customerReference)
    for (const isAllowed of [true, false, true]) {
      await set(reference, isAllowed)
      const { status } = await actFor(server, { customer_reference: reference })
      expect(status, String(isAllowed)).toBe(isAllowed ? 200 : 400)
    }
    await importLine(line().replace('DE--22', reference))
    expect((await actFor(server, { customer_reference: reference })).status).toBe(200)
    await set(reference, false)
  })
})

describe('the customer’s list', () => {
  test('shows every access of theirs, and no other customer’s; they end one, and it is dead at once', async () => {
    const sonia = await tokensOf(server.url)
    await allow(sonia.access_token, true)
    const acting = await actingTokens(server, { reason: 'Ticket 9' })
    const { support_accesses } = (await own(sonia.access_token)).body as { support_accesses: Listed[] }
    const [open] = support_accesses
    expect(open).toMatchObject({ is_open: true, reason: 'Ticket 9', client_id: 'frontend' })
    expect(JSON.stringify(open), 'not who of the shop it is').not.toContain('agent')
    const another = await tokensOf(server.url, { username: 'test@meetanshi.com', password: 'Meet@123' })
    expect((await own(another.access_token)).body).toMatchObject({ support_accesses: [] })
    expect(await own(another.access_token, 'DELETE', `/${open?.id}`)).toMatchObject({ status: 404 })
    expect(await introspect(server.url, acting.access_token)).toMatchObject({ active: true })
    expect(await own(sonia.access_token, 'DELETE', `/${open?.id}`)).toMatchObject({ status: 204 })
    expect(await introspect(server.url, acting.access_token)).toEqual({ active: false })
    expect((await own(sonia.access_token, 'DELETE', `/${open?.id}`)).status, 'asked again').toBe(204)
    expect((await own(sonia.access_token)).body).toMatchObject({ support_accesses: [{ is_open: false }, {}] })
    const [ended] = await trailOf(server, ['support-access.ended'])
    expect(ended?.reason).toMatch(/^ended by the customer: /)
  })

  test.each([
    ['nobody', async () => undefined, 401],
    ['a token that does not work', async () => 'no-token', 401],
    ['an agent', async () => (await agentTokens(server)).access_token, 403],
    ['an agent who acts for the customer', async () => (await actingTokens(server)).access_token, 403],
    [
      'a token for another service',
      async () =>
        (await tokensOf(server.url, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' })).access_token,
      401,
    ],
    ['a refresh token', async () => (await tokensOf(server.url)).refresh_token, 401],
  ])('%s can neither see nor change anything', async (_, find, status) => {
    const customer = await tokensOf(server.url)
    await allow(customer.access_token, true)
    await actingTokens(server)
    const before = await own(customer.access_token)
    const token = await find()
    const [access] = (before.body as { support_accesses: Listed[] }).support_accesses
    expect((await own(token)).status).toBe(status)
    expect((await own(token, 'DELETE', `/${access?.id}`)).status).toBe(status)
    const put = await own(token, 'PUT', '/permission', {
      body: '{"is_allowed":false}',
      headers: { 'content-type': 'application/json' },
    })
    expect(put.status).toBe(status)
    const after = (await own(customer.access_token)).body as { is_allowed: boolean; support_accesses: Listed[] }
    expect(after.is_allowed).toBe(true)
    expect(after.support_accesses.find(({ id }) => id === access?.id)?.is_open).toBe(true)
  })

  test.each([
    ['no JSON', '{', 400],
    ['no object', '"true"', 400],
    ['null', 'null', 400],
    ['nothing', '', 400],
    ['a text', '{"is_allowed":"false"}', 400],
    ['a member more', '{"is_allowed":false,"x":1}', 400],
    ['another member', '{"isAllowed":false}', 400],
    ['too much', `{"is_allowed":false,"x":"${'x'.repeat(2000)}"}`, 413],
    ['a form', 'is_allowed=false', 415, 'application/x-www-form-urlencoded'],
  ])('the permission as %s is refused and stays', async (_, body, status, type = 'application/json') => {
    const { access_token } = await tokensOf(server.url)
    await allow(access_token, true)
    const answer = await own(access_token, 'PUT', '/permission', { body, headers: { 'content-type': type } })
    expect(answer).toMatchObject({ status, body: { error: 'invalid_request' } })
    expect((await own(access_token)).body).toMatchObject({ is_allowed: true })
  })

  test.each(['nothing', '%00', '%', '00000000-0000-4000-8000-000000000000', 'x'.repeat(3000)])(
    'there is no access "%s" to end',
    async (id) => {
      const { access_token } = await tokensOf(server.url)
      expect((await own(access_token, 'DELETE', `/${id}`)).status).toBeOneOf([400, 404])
    },
  )
})

test('a customer is told by mail, in their language, without the agent’s words', async () => {
  const made = await owner(server, 'POST', '/v1/customers', {
    email: 'greta@example.com',
    customerReference: 'DE--77',
    emailVerified: true,
    locale: 'de_DE',
    allowsSupport: true,
  })
  expect(made.status).toBe(201)
  await actingTokens(server, { customer_reference: 'DE--77', reason: 'Words of the agent' })
  const letter = await waitFor(async () =>
    lettersIn(server.config.DATA_DIR).find((text) => text.includes('greta@example.com')),
  )
  expect(letter).toMatch(/Subject: Unser Kundendienst hat Zugriff auf Ihr Konto/)
  expect(letter).toMatch(/höchstens 60 Minuten lang/)
  expect(letter).not.toContain('Words of the agent')
})
