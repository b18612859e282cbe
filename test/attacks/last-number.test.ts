import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asked, ask, OWNER, PASSWORD, tokenOf } from '../admin/administrators.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

const MOST = 2_147_483_647

type Numbered = (number?: number) => Promise<Asked>

const customer = (number?: number) => ({
  email: `${randomUUID()}@example.com`,
  customerReference: randomUUID(),
  ...(number && { idCustomer: number }),
})
const WAYS: readonly (readonly [string, Numbered])[] = [
  [
    'a customer made by support',
    async (number) => ask(server, await tokenOf(server, 'support'), 'POST', '/v1/customers', customer(number)),
  ],
  [
    'a line of an import',
    (number) => ask(server, OWNER, 'POST', '/v1/customers/import', JSON.stringify(customer(number))),
  ],
  [
    'an agent made by security',
    async (number) => {
      const agent = { email: `${randomUUID()}@example.com`, password: PASSWORD, ...(number && { idAgent: number }) }
      return ask(server, await tokenOf(server, 'security'), 'POST', '/v1/agents', agent)
    },
  ],
]

test.each(WAYS)('%s with the last of all numbers leaves numbers for those who come after', async (_, make) => {
  expect((await make(MOST)).status).toBeLessThan(300)
  for (let next = 0; next < 2; next++) expect((await make()).status).toBeLessThan(300)
  expect((await ask(server, OWNER, 'POST', '/v1/customers', customer())).status).toBe(201)
})
