import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { signInToConsole } from '../admin/console-operator.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { actFor, actingTokens, owner } from './acting.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, SUPPORT_ACCESS_PERMISSION: 'needed' })
})
afterAll(() => server?.stop())

test('a customer’s data have every access; once erased, no reason is left, and nobody acts for them', async () => {
  const person = { email: 'data@example.com', customerReference: 'DATA--1', allowsSupport: true }
  await owner(server, 'POST', '/v1/customers', person)
  await actingTokens(server, { customer_reference: 'DATA--1', reason: 'Call of Greta' })
  const { body } = await owner(server, 'GET', '/v1/customers/DATA--1/personal-data')
  expect(body.supportAccesses).toMatchObject([{ reason: 'Call of Greta', agentEmail: 'agent@example.com' }])
  expect(body.customer).toMatchObject({ allowsSupport: true })
  const erased = await owner(server, 'POST', '/v1/customers/DATA--1/erase')
  expect(erased.status).toBe(200)
  const { id } = body.customer as { id: string }
  const [access] = (await owner(server, 'GET', `/v1/support-accesses?customer=${id}`)).body.items as object[]
  expect(access).toMatchObject({ state: 'ended', customerId: id })
  expect(JSON.stringify(access)).not.toContain('Greta')
  expect((await actFor(server, { customer_reference: 'DATA--1' })).status).toBe(400)
})

test('an operator notes the customer’s word in the console', async () => {
  const operator = await signInToConsole(server, OWNER)
  const page = '/console/customers/DE--21'
  expect((await operator.get(page)).html).toContain('not allowed by the customer')
  expect((await operator.submit(`${page}/allow-support`)).html).toContain('allowed by the customer')
  expect((await actFor(server)).status).toBe(200)
  expect((await operator.submit(`${page}/refuse-support`)).html).toContain('not allowed by the customer')
  expect((await actFor(server)).status).toBe(400)
})
