import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'magento', MAGENTO_STORES: 'default,all,fr' })
})
afterAll(() => server.stop())

const CUSTOMER = '/rest/V1/integration/customer/token'
const ADMIN = '/rest/V1/integration/admin/token'
const REFUSED =
  'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.'
const required = (fieldName: string) => ({
  message: '"%fieldName" is required. Enter and try again.',
  parameters: { fieldName },
})
const BOTH = {
  message: 'One or more input exceptions have occurred.',
  errors: [required('username'), required('password')],
}
const NO_ROUTE = { message: 'Request does not match any route.' }
const UNAUTHORIZED = {
  message: "The consumer isn't authorized to access %resources.",
  parameters: { resources: 'self' },
}
const TOKEN = expect.stringMatching(/^[a-z0-9]{32}$/)

const login = (username: unknown, password: unknown) => JSON.stringify({ username, password })
const RON = login('ron@swanson.com', 'mysecretpassword')
const RON_XML = '<login><username>ron@swanson.com</username><password>mysecretpassword</password></login>'

type Sent = { readonly method?: string; readonly body?: string; readonly headers?: Record<string, string> }

async function send(path: string, { method = 'POST', body, headers = {} }: Sent): Promise<Response> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  return fetch(`${server.url}${path}`, {
    method,
    ...(body !== undefined && { body }),
    headers: { ...type, ...headers },
  })
}

test.each<[string, string, Sent, number, unknown]>([
  ['a right password', CUSTOMER, { body: RON }, 200, TOKEN],
  ['a login in capitals', CUSTOMER, { body: login('RON@SWANSON.com', 'mysecretpassword') }, 200, TOKEN],
  ['a store code', CUSTOMER.replace('rest', 'rest/fr'), { body: RON }, 200, TOKEN],
  ['a path below index.php', `/index.php${CUSTOMER}`, { body: RON }, 200, TOKEN],
  ['an XML body', CUSTOMER, { body: RON_XML, headers: { 'content-type': 'application/xml' } }, 200, TOKEN],
  ['an OAuth 1 header', CUSTOMER, { body: RON, headers: { authorization: 'OAuth oauth_nonce="x"' } }, 200, TOKEN],
  ['a stale bearer', CUSTOMER, { body: RON, headers: { authorization: 'Bearer stale' } }, 200, TOKEN],
  ['a charset', CUSTOMER, { body: RON, headers: { 'content-type': 'application/json; charset=UTF-8' } }, 200, TOKEN],
  ['an agent', ADMIN, { body: login('agent@example.com', 'change123') }, 200, TOKEN],
  ['a customer at the agents’ endpoint', ADMIN, { body: RON }, 401, { message: REFUSED }],
  [
    'an agent at the customers’ endpoint',
    CUSTOMER,
    { body: login('agent@example.com', 'change123') },
    401,
    { message: REFUSED },
  ],
  ['a wrong password', CUSTOMER, { body: login('ron@swanson.com', 'wrong') }, 401, { message: REFUSED }],
  ['an unknown login', CUSTOMER, { body: login('nobody@example.com', 'wrong') }, 401, { message: REFUSED }],
  [
    'an unconfirmed e-mail address',
    CUSTOMER,
    { body: login('unconfirmed@example.com', 'change123') },
    401,
    { message: "This account isn't confirmed. Verify and try again." },
  ],
  [
    'an unconfirmed e-mail address and a wrong password',
    CUSTOMER,
    { body: login('unconfirmed@example.com', 'wrong') },
    401,
    { message: REFUSED },
  ],
  ['no password', CUSTOMER, { body: '{"username":"a@b.c"}' }, 400, required('password')],
  ['a null login', CUSTOMER, { body: login(null, 'x') }, 400, required('username')],
  ['an empty login', CUSTOMER, { body: login('', 'x') }, 400, required('username')],
  ['neither', CUSTOMER, { body: '{}' }, 400, BOTH],
  ['no body', CUSTOMER, {}, 400, BOTH],
  [
    'a list as login',
    CUSTOMER,
    { body: login(['a'], 'x') },
    400,
    {
      message: 'The "array" value\'s type is invalid. The "string" type was expected. Verify and try again.',
    },
  ],
  ['broken JSON', CUSTOMER, { body: '{"username":' }, 400, { message: 'Decoding error.' }],
  [
    'broken XML',
    CUSTOMER,
    { body: '<a><b></a>', headers: { 'content-type': 'text/xml' } },
    400,
    { message: 'Decoding error.' },
  ],
  [
    'another content type',
    CUSTOMER,
    { body: RON, headers: { 'content-type': 'text/plain' } },
    400,
    {
      message: 'Server cannot understand Content-Type HTTP header media type text/plain',
    },
  ],
  [
    'another charset',
    CUSTOMER,
    { body: RON, headers: { 'content-type': 'application/json; charset=latin1' } },
    400,
    {
      message: 'UTF-8 is the only supported charset.',
    },
  ],
  [
    'an Accept header that takes neither',
    CUSTOMER,
    { body: RON, headers: { accept: 'text/html, text/plain' } },
    406,
    {
      message:
        'Server cannot match any of the given Accept HTTP header media type(s) from the request: "text/html" ' +
        'with media types from the config of response renderer.',
    },
  ],
  ['an unknown store code', CUSTOMER.replace('rest', 'rest/xx'), { body: RON }, 404, NO_ROUTE],
  ['an unknown route', '/rest/V1/nothing', { body: RON }, 404, NO_ROUTE],
  ['an unknown version', '/rest/V2/integration/customer/token', { body: RON }, 404, NO_ROUTE],
  ['the wrong verb', CUSTOMER, { method: 'GET' }, 404, NO_ROUTE],
  ['the wrong verb, PUT', CUSTOMER, { method: 'PUT', body: RON }, 404, NO_ROUTE],
  ['a guest who signs out', '/rest/V1/integration/customer/revoke-customer-token', {}, 401, UNAUTHORIZED],
  ['a guest who looks at himself', '/rest/V1/customers/me', { method: 'GET' }, 401, UNAUTHORIZED],
])('%s is answered as the shop answers', async (_, path, sent, status, body) => {
  const answer = await send(path, sent)
  expect([answer.status, await answer.json()]).toEqual([status, body])
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
})

test('an answer in XML has a response element and its content type', async () => {
  const accept = { accept: 'text/xml' }
  const token = await send(CUSTOMER, { body: RON, headers: accept })
  expect(token.headers.get('content-type')).toBe('application/xml; charset=utf-8')
  expect(await token.text()).toMatch(/^<\?xml version="1.0"\?>\n<response>[a-z0-9]{32}<\/response>\n$/)
  const refused = await send(CUSTOMER, { body: '{"username":"a"}', headers: accept })
  expect(await refused.text()).toBe(
    '<?xml version="1.0"?>\n<response><message>"%fieldName" is required. Enter and try again.</message>' +
      '<parameters><fieldName>password</fieldName></parameters></response>\n',
  )
})

test('a customer sees who they are, and signing out ends every token they have', async () => {
  const tokens = await Promise.all([1, 2].map(async () => (await send(CUSTOMER, { body: RON })).json()))
  const me = (token: unknown) =>
    send('/rest/V1/customers/me', { method: 'GET', headers: { authorization: `Bearer ${token}` } })
  const before = await me(tokens[0])
  expect(await before.json()).toMatchObject({ id: 22, email: 'ron@swanson.com', firstname: 'Ron', lastname: 'Swanson' })

  const revoke = await fetch(`${server.url}/rest/V1/integration/customer/revoke-customer-token`, {
    method: 'POST',
    headers: { authorization: `bearer ${tokens[0]}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: '',
  })
  expect([revoke.status, await revoke.text()]).toEqual([200, 'true'])
  for (const token of tokens) expect((await me(token)).status).toBe(401)
})

test('an agent’s token is no customer’s', async () => {
  const token = await (await send(ADMIN, { body: login('agent@example.com', 'change123') })).json()
  const answer = await send('/rest/V1/customers/me', { method: 'GET', headers: { authorization: `Bearer ${token}` } })
  expect([answer.status, await answer.json()]).toEqual([401, UNAUTHORIZED])
})

test('a locked login is told what a wrong password is told, even with the right one', async () => {
  const locked = await startTestServer({ DIALECTS: 'magento', LOCKOUT_ATTEMPTS: '2' })
  const attempt = (password: string) =>
    fetch(`${locked.url}${CUSTOMER}`, {
      method: 'POST',
      body: login('sonia@spryker.com', password),
      headers: { 'content-type': 'application/json' },
    })
  for (const password of ['wrong', 'wrong again']) await attempt(password)
  const answer = await attempt('change123')
  expect([answer.status, await answer.json()]).toEqual([401, { message: REFUSED }])
  expect(answer.headers.get('retry-after')).toBeNull()
  await locked.stop()
})
