import { createRequire } from 'node:module'
import { gateway, MemoryStorageFactory } from '@elasticpath/js-sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../../interaction/hosted-shop.ts'

const require = createRequire(import.meta.url)
const PASSWORD = 'the password of Nora'
const NEW = 'another good password'
const SERVICE = { client_id: 'shop-service', client_secret: 'a-secret-of-the-shop-itself' }

let shop: HostedShop
let host: string
beforeAll(async () => {
  shop = await startHostedShop({ DIALECTS: 'elastic-path', ELASTIC_PATH_BACK_ENDS: SERVICE.client_id })
  host = new URL(shop.server.url).host
  const metadata = { client_id: SERVICE.client_id, first_party: true, grant_types: ['client_credentials'] }
  await fetch(`${shop.server.adminUrl}/v1/clients`, {
    method: 'POST',
    headers: { authorization: 'Bearer an-admin-token-for-tests', 'content-type': 'application/json' },
    body: JSON.stringify({ metadata, secret: SERVICE.client_secret }),
  })
})
afterAll(() => shop?.stop())

type Answer = { readonly data: Readonly<Record<string, string>> }

/** What both SDKs have of customers. */
type Customers = {
  Create(customer: object): Promise<Answer>
  Get(id: string, token?: string): Promise<Answer>
  Update(id: string, customer: object, token?: string): Promise<Answer>
  Token(email: string, password: string): Promise<Answer>
}

function current(client: { client_id: string; client_secret?: string }): Customers {
  const options = {
    ...client,
    host,
    protocol: 'http',
    storage: new MemoryStorageFactory(),
    retryDelay: 5,
    retryJitter: 1,
  }
  // The SDK's types want members of customers that nobody has to send.
  return gateway(options as Parameters<typeof gateway>[0]).Customers as unknown as Customers
}

function old(client: { client_id: string; client_secret?: string }): Customers {
  const { gateway: open, MemoryStorageFactory: Storage } = require('@moltin/sdk') as {
    gateway: (options: object) => { config: { protocol: string }; Customers: Customers }
    MemoryStorageFactory: new () => object
  }
  const opened = open({ ...client, host, storage: new Storage() })
  opened.config.protocol = 'http'
  return opened.Customers
}

test.each([
  ['@elasticpath/js-sdk', current, { client_id: 'frontend' }],
  // This one sends no customer's token with an update: only a back-end can.
  ['@moltin/sdk', old, SERVICE],
])(
  '%s registers a customer, who confirms, signs in, and changes and resets the password',
  async (name, open, updater) => {
    const email = `nora.${name.length}@example.com`
    const storefront = open({ client_id: 'frontend' })
    const { data: made } = await storefront.Create({ name: 'Nora Neu', email, password: PASSWORD })
    expect(made).toMatchObject({ type: 'customer', email, name: 'Nora Neu' })
    const refusal = { errors: [{ status: 422 }] }
    await expect(storefront.Token(email, PASSWORD)).rejects.toMatchObject(refusal)

    const visitor = shop.visitor()
    const page = await visitor.open((await shop.sink.mailTo(email)).link)
    await visitor.submit(page, '/confirmation', { password: PASSWORD })

    const id = String(made.id)
    const token = async (password: string) => String((await storefront.Token(email, password)).data.token)
    const first = await token(PASSWORD)
    expect((await storefront.Get(id, first)).data).toMatchObject({ id, email })
    await open(updater).Update(id, { name: 'Nora Alt', password: NEW }, first)
    await expect(storefront.Get(id, first)).rejects.toMatchObject({ errors: [{ status: 403 }] })
    await expect(storefront.Token(email, PASSWORD)).rejects.toMatchObject(refusal)
    const second = await token(NEW)
    expect((await storefront.Get(id, second)).data).toMatchObject({ name: 'Nora Alt' })

    await open(SERVICE).Update(id, { password: PASSWORD })
    await expect(storefront.Get(id, second)).rejects.toMatchObject({ errors: [{ status: 403 }] })
    expect((await storefront.Get(id, await token(PASSWORD))).data).toMatchObject({ id })
  },
)

test('the SDK learns why a password was refused, and sends it once', async () => {
  const { id, email, password } = await shop.addCustomer()
  const storefront = current({ client_id: 'frontend' })
  const { data } = await storefront.Token(email, password)
  await expect(storefront.Update(id, { password: 'password1' }, data.token)).rejects.toMatchObject({
    errors: [{ status: 422, detail: expect.stringMatching(/known to attackers/) }],
  })
  expect((await storefront.Get(id, data.token)).data).toMatchObject({ id })
})
