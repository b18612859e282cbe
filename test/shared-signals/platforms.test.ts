import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/index.ts'
import { ask } from '../admin/administrators.ts'
import { introspect, read } from '../endpoints/client.ts'
import { addPlatform, addShop, ORDERS } from '../endpoints/platform.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { type PushReceiver, type ReadSet, readSet, startPushReceiver } from './push-receiver.ts'
import { PUSH } from './stream-client.ts'

const ADMIN = 'an-admin-token-for-tests'

/** A platform whose agents act for people hears of those who let it in, and of nobody else. */
describe('signals to a platform', () => {
  let shop: HostedShop
  let receiver: PushReceiver
  /** The same database: its clock is that of the outbox. */
  let database: Database
  let platform: Awaited<ReturnType<typeof addPlatform>>
  beforeAll(async () => {
    shop = await startHostedShop()
    database = await openDatabase(shop.server.config)
    receiver = await startPushReceiver()
    platform = await addPlatform(
      shop.server,
      await addShop(shop.server, {}, ADMIN),
      {
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        resource_scopes: ['dev.ucp.*', 'ssf.manage'],
      },
      ADMIN,
    )
    const form = { grant_type: 'client_credentials', scope: 'ssf.manage', resource: shop.server.url }
    const { body: token, text } = await read(postForm(`${shop.server.url}/token`, form, platform.headers))
    const made = await fetch(`${shop.server.url}/ssf/streams`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ delivery: { method: PUSH, endpoint_url: receiver.url } }),
    })
    if (made.status !== 201) throw new Error(`no stream: ${text} ${await made.text()}`)
  })
  afterAll(async () => {
    await database?.close()
    await shop?.stop()
    await receiver?.stop()
  })

  /** A customer who lets the platform in. */
  async function linked() {
    const customer = await shop.addCustomer()
    const tokens = await platform.link(
      { scope: ORDERS },
      { login: { username: customer.email, password: customer.password } },
    )
    return { customer, tokens }
  }
  async function withdraw(customer: TestCustomer) {
    const visitor = shop.visitor()
    const page = await openSignedIn(visitor, customer, '/account/apps')
    await visitor.submit(page, '/withdraw', { client: platform.clientId })
  }
  const setsOf = async ({ id }: TestCustomer): Promise<ReadSet[]> => {
    const all = await Promise.all(receiver.pushed.map(({ body }) => readSet(shop.server.url, platform.clientId, body)))
    return all.filter(({ subId, claims }) => JSON.stringify([subId, claims]).includes(id))
  }
  async function isSettled() {
    const count = async () =>
      Number((await database.knex('outbox_messages').where({ state: 'waiting' }).count())[0]?.count)
    await waitFor(async () => (await count()) === 0, { what: 'nothing waits' })
  }
  const came = (customer: TestCustomer, event: string) =>
    waitFor(async () => (await setsOf(customer)).some((set) => set.event === event), { what: event })

  test('a link that is withdrawn is told as revoked tokens: typ secevent+jwt, no exp, no sub', async () => {
    const { customer, tokens } = await linked()
    await withdraw(customer)
    expect(await introspect(shop.server.url, tokens.access_token, platform.headers)).toEqual({ active: false })
    await came(customer, 'token-revoked')
    const set = (await setsOf(customer)).find(({ event }) => event === 'token-revoked')
    expect(set?.header).toMatchObject({ typ: 'secevent+jwt' })
    expect(Object.keys(set?.claims ?? {})).not.toEqual(expect.arrayContaining(['exp']))
    expect(set?.claims).not.toHaveProperty('sub')
    expect(set?.subId).toEqual({ format: 'iss_sub', iss: shop.server.url, sub: customer.id })
    expect(set?.members).toMatchObject({
      token_type: 'refresh_token',
      gid: expect.any(String),
      initiating_entity: 'user',
    })
  })

  test('a receiver that is down for an hour is told later, of each event once by its jti', async () => {
    const { customer } = await linked()
    let isDown = true
    const answer = (response: ServerResponse) => void response.writeHead(isDown ? 503 : 202).end()
    receiver.answers.push(...Array.from({ length: 200 }, () => answer))
    await withdraw(customer)
    await waitFor(async () => (await setsOf(customer)).length > 0, { what: 'a try in vain' })
    const inVain = (await setsOf(customer)).map(({ claims }) => claims.jti)
    await database.knex.raw(`update outbox_messages set created_at = created_at - interval '1 hour',
      next_at = next_at - interval '1 hour'`)
    await database.knex.raw(`update outbox_receivers set failing_since = failing_since - interval '1 hour',
      closed_until = closed_until - interval '1 hour'`)
    isDown = false
    await came(customer, 'token-revoked')
    await isSettled()
    receiver.answers.length = 0
    const taken = (await setsOf(customer)).filter(({ event }) => event === 'token-revoked')
    expect(new Set(taken.map(({ claims }) => claims.jti)).size).toBe(1)
    expect((await setsOf(customer)).map(({ claims }) => claims.jti)).toEqual(expect.arrayContaining(inVain))
  })

  test.each([
    ['blocked', 'account-disabled', (id: string) => ask(shop.server, ADMIN, 'POST', `/v1/customers/${id}/block`)],
    [
      'erased',
      'account-purged',
      (id: string) => ask(shop.server, ADMIN, 'POST', `/v1/customers/${referenceOf(id)}/erase`),
    ],
  ])('of a customer who is %s it hears %s', async (_name, event, act) => {
    const { customer } = await linked()
    const { status, body } = await act(customer.id)
    expect([status, body]).toEqual([expect.toSatisfy((code: number) => code < 300), body])
    await came(customer, event)
  })

  test('it hears of another e-mail address', async () => {
    const { customer } = await linked()
    await shop.changeEmail(customer, `moved-${customer.email}`)
    await came(customer, 'session-revoked')
  })

  test('it hears nothing of customers who never let it in', async () => {
    const stranger = await shop.addCustomer()
    await ask(shop.server, ADMIN, 'POST', `/v1/customers/${stranger.id}/block`)
    const { customer } = await linked()
    await withdraw(customer)
    await came(customer, 'token-revoked')
    expect(await setsOf(stranger)).toEqual([])
  })
})

/** As `HostedShop` numbers its customers. */
function referenceOf(id: string): string {
  return `test-${Number(id.slice(-12))}`
}
