import { cacheExchange, createClient, fetchExchange, gql } from '@urql/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'magento' })
})
afterAll(() => server.stop())

const REFUSED =
  'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.'
const SIGN_IN = `mutation SignIn($email: String!, $password: String!) {
  generateCustomerToken(email: $email, password: $password) { token __typename }
}`
const signIn = (email: string, password: string) => ({
  query: SIGN_IN,
  variables: { email, password },
  operationName: 'SignIn',
})
const refused = (message: string, category: string) => ({
  errors: [{ message, path: ['generateCustomerToken'], extensions: { category } }],
  data: { generateCustomerToken: null },
})

const post = (body: unknown, headers?: Record<string, string>, url = server.url) =>
  postJson(`${url}/graphql`, body, headers)

async function token(): Promise<string> {
  const answer = await post(signIn('ron@swanson.com', 'mysecretpassword'))
  const body = (await answer.json()) as { data: { generateCustomerToken: { token: string } } }
  return body.data.generateCustomerToken.token
}

test('a sign-in with variables, an operation name and __typename gives a token', async () => {
  const answer = await post(signIn('ron@swanson.com', 'mysecretpassword'))
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({
    data: { generateCustomerToken: { token: expect.stringMatching(/^[a-z0-9]{32}$/), __typename: 'CustomerToken' } },
  })
})

test.each([
  ['a wrong password', 'ron@swanson.com', 'wrong', 401, REFUSED, 'graphql-authentication'],
  ['an unknown login', 'nobody@example.com', 'wrong', 401, REFUSED, 'graphql-authentication'],
  [
    'an unconfirmed address',
    'unconfirmed@example.com',
    'change123',
    401,
    "This account isn't confirmed. Verify and try again.",
    'graphql-authentication',
  ],
  ['no e-mail', '', 'x', 200, 'Specify the "email" value.', 'graphql-input'],
  ['no password', 'ron@swanson.com', '', 200, 'Specify the "password" value.', 'graphql-input'],
])('%s is refused with the category the shop gives', async (_, email, password, status, message, category) => {
  const answer = await post(signIn(email, password))
  expect(answer.status).toBe(status)
  expect(await answer.json()).toMatchObject(refused(message, category))
})

test('signing out needs a customer, and ends their tokens', async () => {
  const query = 'mutation SignOutFromMenu { revokeCustomerToken { result __typename } }'
  const guest = await post({ query })
  expect(guest.status).toBe(403)
  expect(await guest.json()).toMatchObject({
    errors: [{ message: "The current customer isn't authorized.", extensions: { category: 'graphql-authorization' } }],
    data: { revokeCustomerToken: null },
  })
  const bearer = { authorization: `Bearer ${await token()}` }
  expect(await (await post({ query }, bearer)).json()).toEqual({
    data: { revokeCustomerToken: { result: true, __typename: 'RevokeCustomerTokenOutput' } },
  })
  expect((await post({ query }, bearer)).status).toBe(403)
})

test('the lifetime of tokens is told in hours', async () => {
  const answer = await post({ query: '{ lifetime: storeConfig { customer_access_token_lifetime __typename } }' })
  expect(await answer.json()).toEqual({
    data: { lifetime: { customer_access_token_lifetime: 1, __typename: 'StoreConfig' } },
  })
})

test('queries come by GET too, mutations do not', async () => {
  const get = (query: string) => fetch(`${server.url}/graphql?query=${encodeURIComponent(query)}`)
  expect(await (await get('{ storeConfig { store_code } }')).json()).toEqual({
    data: { storeConfig: { store_code: 'default' } },
  })
  const mutation = await get('mutation { revokeCustomerToken { result } }')
  expect(await mutation.json()).toMatchObject({
    errors: [{ message: 'Mutation requests allowed only for POST requests' }],
  })
})

test('with MAGENTO_GRAPHQL_STATUS=always-200 every answer is 200', async () => {
  const older = await startTestServer({ DIALECTS: 'magento', MAGENTO_GRAPHQL_STATUS: 'always-200' })
  for (const body of [
    signIn('ron@swanson.com', 'wrong'),
    { query: 'mutation { revokeCustomerToken { result } }' },
    {},
  ]) {
    const answer = await post(body, {}, older.url)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ errors: [{}] })
  }
  await older.stop()
})

const aliases = (count: number, field: string) => Array.from({ length: count }, (_, index) => `a${index}: ${field}`)
const fragments = (count: number) =>
  Array.from({ length: count }, (_, index) => `fragment f${index} on Query { ...f${index + 1} ...f${index + 1} }`)
const LOGIN = 'generateCustomerToken(email: "a@b.c", password: "x") { token }'

test.each([
  ['too many mutations', `mutation { ${aliases(4, LOGIN).join(' ')} }`, 'Max mutations'],
  [
    'mutations hidden in fragments',
    `mutation { ...m ...m } fragment m on Mutation { ${aliases(2, LOGIN).join(' ')} }`,
    'Max mutations',
  ],
  ['too many aliases', `{ ${aliases(31, 'storeConfig { store_code }').join(' ')} }`, 'Max query aliases'],
  ['too much depth', `{ ${'customer { '.repeat(20)} id ${'} '.repeat(20)} }`, 'Max query depth'],
  ['a fragment in itself', '{ ...f } fragment f on Query { ...f }', 'Cannot spread fragment'],
  ['an unknown field', '{ nothing }', 'Cannot query field'],
  ['no such operation type', 'subscription { x }', 'operation is not supported'],
])('a document with %s is refused before it runs', async (_, query, message) => {
  const answer = await post({ query })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ errors: [{ message: expect.stringContaining(message) }] })
})

test('fragments that double each other cost nothing', async () => {
  const query = `{ ...f0 } ${fragments(9).join(' ')} fragment f9 on Query { storeConfig { store_code } }`
  expect((await post({ query })).status).toBe(200)
})

test.each<[string, string]>([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['no query', '{}'],
  ['a number as query', '{"query":1}'],
  ['a list as variables', '{"query":"{ __typename }","variables":[]}'],
  ['broken GraphQL', '{"query":"{ storeConfig { "}'],
  ['nothing', ''],
  ['more tokens than needed', JSON.stringify({ query: `{ ${'a '.repeat(3000)} }` })],
  ['nesting for a parser to choke on', JSON.stringify({ query: '{a'.repeat(10_000) })],
])('a body of %s is 400 with an error', async (_, body) => {
  const answer = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({ errors: [{ message: expect.any(String) }] })
})

test('variables called __proto__ are just unknown variables', async () => {
  const body = '{"query":"{ storeConfig { store_code } }","variables":{"__proto__":{"x":1}}}'
  const answer = await fetch(`${server.url}/graphql`, { method: 'POST', body })
  expect(answer.status).toBe(200)
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false)
})

test('the urql client signs a customer in and out', async () => {
  const exchanges = [cacheExchange, fetchExchange]
  const guest = createClient({ url: `${server.url}/graphql`, exchanges, preferGetMethod: false })
  const signedIn = await guest
    .mutation(gql(SIGN_IN), { email: 'ron@swanson.com', password: 'mysecretpassword' })
    .toPromise()
  const { token: bearer, __typename } = signedIn.data.generateCustomerToken
  expect(__typename).toBe('CustomerToken')

  const customer = createClient({
    url: `${server.url}/graphql`,
    exchanges,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${bearer}` } },
  })
  const me = await customer.query(gql`query Me { customer { email firstname } }`, {}).toPromise()
  expect(me.data.customer).toMatchObject({ email: 'ron@swanson.com', firstname: 'Ron' })
  const revoked = await customer.mutation(gql`mutation { revokeCustomerToken { result } }`, {}).toPromise()
  expect(revoked.data.revokeCustomerToken.result).toBe(true)

  const wrong = await guest.mutation(gql(SIGN_IN), { email: 'ron@swanson.com', password: 'wrong' }).toPromise()
  expect(wrong.error?.graphQLErrors[0]?.extensions.category).toBe('graphql-authentication')
})
