import { getIntrospectionQuery } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leastCpuMs } from '../credentials/long-texts.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'magento' })
})
afterAll(() => server?.stop())

/** A document that is validated costs a fraction of a millisecond beside its request; what is compared by the square, seconds. */
const MOST_TIMES = 30

const times = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, i) => of(i)).join(' ')
const nested = (count: number, open: string, close = '', inner = '') => open.repeat(count) + inner + close.repeat(count)
const LOGIN = (email: string) => `mutation { generateCustomerToken(email: ${email}, password: "x") { token } }`

const post = (query: string, variables?: unknown) => postJson(`${server.url}/graphql`, { query, variables })
const get = (query: string) => fetch(`${server.url}/graphql?${new URLSearchParams({ query })}`)

/** Documents that a limit refuses, or the rule on fragments. */
const BEYOND: readonly (readonly [name: string, query: string])[] = [
  ['fields of one name', `{ customer { ${'id '.repeat(1500)} } }`],
  ['fields of one name with fields below', `{ ${'customer { id } '.repeat(300)} }`],
  ['fields of one name, up to the number of tokens', `{ customer { ${'id '.repeat(480)} } }`],
  ['fields with arguments of one name', `{ ${'storeConfig(a: 1) { store_code } '.repeat(200)} }`],
  ['many fragments', `{ customer { ...F0 } } ${times(90, (i) => `fragment F${i} on Customer { id ...F${i + 1} }`)}`],
  [
    'fragments on one field',
    `{ customer { ${times(90, (i) => `...F${i}`)} } } ${times(90, (i) => `fragment F${i} on Customer { id email }`)}`,
  ],
  [
    'fragments that double each other',
    `{ ...F0 } ${times(9, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F9 on Query { customer { id } }`,
  ],
  ['a fragment within itself', '{ customer { ...A } } fragment A on Customer { id ...A }'],
  ['two fragments within each other', '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }'],
  ['a circle that no operation reaches', '{ customer { id } } fragment A on Customer { ...A }'],
  [
    'fragments in a circle with fields that differ',
    '{ ...A ...B } fragment A on Query { x: customer { id ...C } ...B } fragment B on Query { x: customer { email ...C } ...A } fragment C on Customer { ...C }',
  ],
  ['a circle in a mutation', 'mutation { ...A } fragment A on Mutation { ...B } fragment B on Mutation { ...A }'],
  ['nested lists', LOGIN(nested(5000, '[', ']'))],
  ['nested lists without an end', LOGIN(nested(5000, '['))],
  ['nested objects', LOGIN(nested(5000, '{a:', '}', '1'))],
  ['nested types', `query ($a: ${nested(5000, '[', ']', 'Int')}) { customer { id } }`],
  ['nested selections', nested(5000, '{a', '}', '{a}')],
  ['nested selections, up to the nesting of brackets', nested(30, '{ customer ', '}', '{ id }')],
  ['nested inline fragments', `{ customer { ${nested(1000, '... { ', '}', 'id')} } }`],
  ['directives', `{ customer { id ${'@skip(if: true) '.repeat(400)} } }`],
  ['variables', `query (${times(600, (i) => `$v${i}: Int`)}) { customer { id } }`],
  ['operations', times(300, (i) => `query Q${i} { customer { id } }`)],
  ['aliases', `{ ${times(31, (i) => `a${i}: storeConfig { store_code }`)} }`],
  [
    'aliases in a fragment that is spread twice',
    `{ ...A ...A } fragment A on Query { ${times(16, (i) => `a${i}: storeConfig { store_code }`)} }`,
  ],
  ['a long name', `{ ${'a'.repeat(50_000)} }`],
  ['a long comment', `{ customer { id } } #${'a'.repeat(50_000)}`],
  ['names that are nearly right', `{ customer { ${times(1500, (i) => `firstnam${i}`)} } }`],
]

test.each(BEYOND)(
  'a document of %s is refused in its own words, and costs no more than a short one',
  async (_, query) => {
    const answers = [await post(query), ...(encodeURIComponent(query).length < 12_000 ? [await get(query)] : [])]
    for (const answer of answers) {
      expect([200, 400]).toContain(answer.status)
      const body = await answer.json()
      expect(body).toEqual({
        errors: [
          {
            message: expect.stringMatching(/^(Max query |Cannot spread fragment )/),
            extensions: { category: expect.stringMatching(/^graphql(-input)?$/) },
          },
        ],
      })
    }
    const ask = (text: string) => async () => void (await (await post(text)).text())
    const short = await leastCpuMs(ask('{ nothing }'), 20)
    expect((await leastCpuMs(ask(query), 20)) / short).toBeLessThan(MOST_TIMES)
  },
)

const WITH_VARIABLES = 'mutation ($e: String!) { generateCustomerToken(email: $e, password: "x") { token } }'

test.each<[string, string, unknown?]>([
  ['nested lists as a variable', WITH_VARIABLES, { e: JSON.parse(nested(2000, '[', ']')) }],
  ['nested objects as a variable', WITH_VARIABLES, { e: JSON.parse(nested(2000, '{"a":', '}', '1')) }],
  ['a long text as a variable', WITH_VARIABLES, { e: 'a'.repeat(40_000) }],
  ['half of a surrogate pair', WITH_VARIABLES, { e: '\ud800' }],
  ['a NUL character', LOGIN('"\\u0000"')],
  ['names of members of every object', '{ __proto__ constructor toString hasOwnProperty }'],
  ['variables named so', 'query ($__proto__: Int, $constructor: Int) { customer { id } }', { constructor: 1 }],
  ['an operation that is not there', 'query A { customer { id } }'],
  ['two operations', 'query A { storeConfig { store_code } } query B { storeConfig { store_code } }'],
  ['two fragments of one name', '{ ...A } fragment A on Query { ...B } fragment A on Query { customer { id } }'],
  ['a schema', 'type A { a: Int } schema { query: A }'],
  ['a subscription', 'subscription { a }'],
  ['a fragment alone', 'fragment A on Query { customer { id } }'],
  ['brackets that close first', '}})]'],
  ['a text without an end', '{ a(b: """'],
  ['characters that are no GraphQL', '{ a \u0007 \ud83d\ude00 }'],
  ['a number that is none', '{ a(b: 1e999999) }'],
  ['a directive that includes by no boolean', '{ customer @include(if: [[[]]]) { id } }'],
])('no document or variable of %s is a failure of the server', async (_, query, variables) => {
  const answer = await post(query, variables)
  expect([200, 400, 401, 403]).toContain(answer.status)
  const { errors } = (await answer.json()) as { errors: { message: unknown }[] }
  expect(errors.map(({ message }) => typeof message)).toContain('string')
})

test('the query of tools that ask for the schema fits', async () => {
  const answer = await post(getIntrospectionQuery())
  expect(await answer.json()).toMatchObject({ data: { __schema: { queryType: { name: 'Query' } } } })
})
