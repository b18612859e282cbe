import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { type ShopWithClients, startShopWithClients, type ToldClient } from './shop-with-clients.ts'

let shop: ShopWithClients
beforeAll(async () => {
  shop = await startShopWithClients({}, { captureLog: true })
})
afterAll(() => shop?.stop())

/** A customer who is signed in at these clients, and is blocked then. */
async function blockOneOf(...clients: ToldClient[]): Promise<void> {
  const customer = await shop.addCustomer()
  const [first, ...others] = clients
  if (!first) return
  const { jar } = await shop.signIn(first, customer)
  for (const client of others) await shop.signIn(client, customer, jar)
  const { status } = await shop.admin('POST', `/v1/customers/test-${Number(customer.id.slice(-12))}/block`)
  expect(status).toBe(200)
}

/** The lines about messages to this client that are not sent again. */
const deadLetters = ({ id }: ToldClient) =>
  shop.server.logLines
    .filter((line) => line.includes('outbox.dead-letter'))
    .map((line) => JSON.parse(line) as { receiver: string; reason: string; outcome: string })
    .filter(({ receiver }) => receiver === id)

/** Waits until the client has answered another notice: all that came before was settled. */
async function settled(client: ToldClient): Promise<void> {
  const before = client.receiver.received.length
  client.receiver.answer(200)
  await blockOneOf(client)
  await waitFor(() => client.receiver.received.length > before)
}

const jtis = async (client: ToldClient, count: number) => (await client.told(count)).map(({ claims }) => claims.jti)

test.each([200, 204])('a client that answers %i has taken the notice', async (status) => {
  const client = await shop.addClient()
  client.receiver.answer(status)
  await blockOneOf(client)
  await client.told()
  await settled(client)
  expect(client.receiver.received).toHaveLength(2)
  expect(deadLetters(client)).toEqual([])
})

test.concurrent.each([301, 302, 307, 308, 400, 401, 404, 410, 422])(
  'a client that answers %i is not told again, and an operator can read why',
  async (status) => {
    const client = await shop.addClient()
    const lure = await shop.addClient()
    client.receiver.answer((response) => response.writeHead(status, { location: lure.receiver.uri }).end())
    await blockOneOf(client)
    await waitFor(() => deadLetters(client).length > 0)
    expect(deadLetters(client)).toMatchObject([{ outcome: 'refused', reason: expect.stringContaining(String(status)) }])
    await settled(client)
    expect(client.receiver.received).toHaveLength(2)
    expect(lure.receiver.received).toEqual([])
  },
)

test.concurrent.each([500, 502, 503, 408, 429])(
  'a client that answers %i is told again with another token, until it takes one',
  async (status) => {
    const client = await shop.addClient()
    client.receiver.answer((response, count) => response.writeHead(count < 3 ? status : 200).end())
    await blockOneOf(client)
    expect(new Set(await jtis(client, 3)).size).toBe(3)
    await settled(client)
    expect(client.receiver.received).toHaveLength(4)
  },
)

test('a client is not told again before the time that it asked for', async () => {
  const client = await shop.addClient()
  const seconds = 4
  client.receiver.answer((response, count) =>
    response.writeHead(count === 1 ? 429 : 200, { 'retry-after': String(seconds) }).end(),
  )
  await blockOneOf(client)
  await client.told(2)
  const [first, second] = client.receiver.received.map(({ atMs }) => atMs)
  expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(seconds * 1000)
})

test('a client that hangs up is told again', async () => {
  const client = await shop.addClient()
  client.receiver.answer((response, count) => {
    if (count === 1) response.destroy()
    else response.writeHead(200).end()
  })
  await blockOneOf(client)
  expect(new Set(await jtis(client, 2)).size).toBe(2)
})

test('a client that answers with more than a notice is worth is not read to the end', async () => {
  const client = await shop.addClient()
  client.receiver.answer((response, count) => {
    response.writeHead(200)
    if (count === 1) response.end('x'.repeat(1024 * 1024))
    else response.end()
  })
  await blockOneOf(client)
  await client.told(2)
})

test('a client that is down keeps no other waiting', async () => {
  const [slow, quick] = [await shop.addClient(), await shop.addClient()]
  slow.receiver.answer(() => {})
  for (let count = 0; count < 3; count++) await blockOneOf(slow, quick)
  await quick.told(3)
  expect(deadLetters(quick)).toEqual([])
})

describe('between the ending and the attempt', () => {
  test.each<[string, (client: ToldClient) => Promise<unknown>]>([
    ['was removed', ({ id }) => shop.admin('DELETE', `/v1/clients/${id}`)],
    ['was disabled', ({ id }) => shop.admin('POST', `/v1/clients/${id}/disable`)],
    [
      'lost its address',
      async ({ id }) => {
        const { body } = await shop.admin('GET', `/v1/clients/${id}`)
        const { backchannel_logout_uri: _, ...metadata } = body.metadata as Record<string, unknown>
        return shop.admin('PUT', `/v1/clients/${id}`, { metadata })
      },
    ],
  ])('a client that %s is not told', async (_, change) => {
    const [gone, other] = [await shop.addClient(), await shop.addClient()]
    for (const client of [gone, other]) client.receiver.answer(503)
    await blockOneOf(gone, other)
    await Promise.all([gone.told(), other.told()])
    await change(gone)
    // The other one, which failed at the same moment, was tried twice more.
    await other.told(3)
    expect(gone.receiver.received).toHaveLength(1)
  })

  test('a client with another address is told there', async () => {
    const [client, moved] = [await shop.addClient(), await shop.addClient()]
    client.receiver.answer(503)
    await blockOneOf(client)
    await client.told()
    const { body } = await shop.admin('GET', `/v1/clients/${client.id}`)
    const metadata = { ...(body.metadata as object), backchannel_logout_uri: moved.receiver.uri }
    expect((await shop.admin('PUT', `/v1/clients/${client.id}`, { metadata })).status).toBe(200)
    const at = { issuer: shop.server.url, audience: client.id }
    expect(await moved.receiver.notices(1, at)).toHaveLength(1)
  })
})
