import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createShopService, type ShopAccount } from '../../docs/how-to/shop-directory-example.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { readForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, introspect, read, refresh, tokensOf } from './client.ts'

/** How long another node may say what was so before. */
const SEEN_WITHIN_MS = 2000
const PASSWORD = 'correct horse battery staple'
const SCOPE = 'openid customer company'

type Shopper = ReturnType<typeof newShopper>

function newShopper() {
  const [id, reference, companyId, roleId, companyUserId] = Array.from({ length: 5 }, () => randomUUID()) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const role = { id: roleId, name: 'Buyer', permissions: [{ key: 'Order', configuration: {} }] }
  const company = { id: companyId, name: 'Hardware', status: 'approved' }
  const companyUser = { id: companyUserId, company, isActive: true, isDefault: true, roles: [role] }
  const record = {
    customerReference: reference,
    email: `${reference}@example.com`,
    emailVerified: true,
    companyUsers: [companyUser],
  }
  return { id, reference, companyId, roleId, companyUser, record }
}

const MANAGER = [{ key: 'Approve', configuration: {} }]

/** Whether what was granted goes on with other permissions, or has ended. */
type Effect = 'other-permissions' | 'ended'
type Change<Where> = {
  readonly name: string
  readonly effect: Effect
  readonly make: (where: Where, shopper: Shopper) => Promise<unknown>
}

const admin = async (node: TestServer, method: string, path: string, body?: unknown) => {
  const asked = await ask(node, OWNER, method, path, body, { 'If-Match': '*' })
  if (asked.status >= 300) throw new Error(`${method} ${path}: ${asked.status} ${JSON.stringify(asked.body)}`)
}

/** What operators and customers do here. */
const OWN: readonly Change<TestServer>[] = [
  {
    name: 'other permissions of a role',
    effect: 'other-permissions',
    make: (node, { companyId, roleId }) =>
      admin(node, 'PUT', `/v1/companies/${companyId}/roles/${roleId}`, { name: 'Buyer', permissions: MANAGER }),
  },
  {
    name: 'another role of the company user',
    effect: 'other-permissions',
    make: (node, { reference, companyUser }) =>
      admin(node, 'PUT', `/v1/customers/${reference}/company-users`, {
        companyUsers: [{ ...companyUser, roles: [{ name: 'Manager', permissions: MANAGER }] }],
      }),
  },
  {
    name: 'a company user who is deactivated',
    effect: 'ended',
    make: (node, { reference, companyUser }) =>
      admin(node, 'PUT', `/v1/customers/${reference}/company-users`, {
        companyUsers: [{ ...companyUser, isActive: false }],
      }),
  },
  {
    name: 'a company that is blocked',
    effect: 'ended',
    make: (node, { companyId }) => admin(node, 'PATCH', `/v1/companies/${companyId}`, { status: 'blocked' }),
  },
  {
    name: 'a customer who is blocked',
    effect: 'ended',
    make: (node, { reference }) => admin(node, 'POST', `/v1/customers/${reference}/block`),
  },
  { name: 'a password that the customer changed', effect: 'ended', make: changePassword },
]

/** On the page of the account. */
async function changePassword({ url }: TestServer, { record }: Shopper): Promise<void> {
  const jar = createCookieJar()
  let page = await jar.follow(await jar.fetch(`${url}/account/security/password`))
  const send = async (fields: Record<string, string>) => {
    const form = readForm(await page.response.text(), page.url)
    const body = new URLSearchParams({ ...form.fields, ...fields })
    page = await jar.follow(await jar.fetch(form.action, { method: 'POST', body }))
  }
  await send({ login: record.email, password: PASSWORD })
  await send({ password: 'another good password', repeated: 'another good password', sign_out_others: 'yes' })
}

/** What the shop does, where it keeps its customers. */
const SHOPS: readonly (Omit<Change<never>, 'make'> & { readonly change: (shopper: Shopper) => object })[] = [
  {
    name: 'other permissions of a role',
    effect: 'other-permissions',
    change: ({ companyUser }) => ({
      companyUsers: [{ ...companyUser, roles: [{ ...companyUser.roles[0], permissions: MANAGER }] }],
    }),
  },
  {
    name: 'a company user who is deactivated',
    effect: 'ended',
    change: ({ companyUser }) => ({ companyUsers: [{ ...companyUser, isActive: false }] }),
  },
  {
    name: 'a company that is blocked',
    effect: 'ended',
    change: ({ companyUser }) => ({
      companyUsers: [{ ...companyUser, company: { ...companyUser.company, status: 'blocked' } }],
    }),
  },
  { name: 'a customer who is blocked', effect: 'ended', change: () => ({ status: 'blocked' }) },
]

/** Both nodes know the token; after the change both say what is so now, within the time, and refresh accordingly. */
async function seenEverywhere(
  nodes: readonly TestServer[],
  tokens: { readonly access_token: string; readonly refresh_token: string },
  effect: Effect,
  make: () => Promise<unknown>,
): Promise<void> {
  const keysAt = async (node: TestServer) => {
    const said = await introspect(node.url, tokens.access_token)
    return said.active ? (said.permissions as { key: string }[]).map(({ key }) => key) : 'inactive'
  }
  for (const node of nodes) expect(await keysAt(node)).toEqual(['Order'])
  await make()
  const [madeAtMs, expected] = [Date.now(), effect === 'ended' ? 'inactive' : ['Approve']]
  for (const node of nodes) {
    await waitFor(
      async () => {
        // Asked before the time was over, and answered from before the change: that is allowed.
        const isLate = Date.now() - madeAtMs > SEEN_WITHIN_MS
        const said = await keysAt(node)
        if (isLate) expect(said).toEqual(expected)
        return JSON.stringify(said) === JSON.stringify(expected)
      },
      { what: `${JSON.stringify(expected)} at introspection` },
    )
  }
  const { status, body } = await read(refresh(String(nodes.at(-1)?.url), tokens.refresh_token))
  if (effect === 'ended') expect([status, body.error]).toEqual([400, 'invalid_grant'])
  else expect(decode(body.access_token).payload.permissions).toEqual(['Approve'])
}

describeOn('redis', 'two nodes on one Postgres and one Redis', () => {
  let nodes: TestServer[] = []
  beforeAll(async () => {
    const shared = {
      ADMIN_TOKEN: OWNER,
      DATABASE_URL: await createDatabase({ demo: true }),
      KEYS_URL: 'sql:',
      REDIS_URL: await createRedisDatabase(),
    }
    const first = await startTestServer(shared)
    nodes = [first, await startTestServer({ ...shared, ISSUER: first.config.ISSUER })]
  })
  afterAll(async () => {
    for (const node of nodes.toReversed()) await node.stop()
  })

  test.each(OWN)('see $name at introspection within two seconds, and at the next refresh', async ({ effect, make }) => {
    const [first] = nodes as [TestServer]
    const shopper = newShopper()
    await admin(first, 'POST', '/v1/customers', { ...shopper.record, password: PASSWORD })
    const login = { username: shopper.record.email, password: PASSWORD, scope: SCOPE }
    await seenEverywhere(nodes, await tokensOf(first.url, login), effect, () => make(first, shopper))
  })
})

describeOn('redis', 'two nodes whose customers stay in the shop', () => {
  const accounts: ShopAccount[] = []
  const shop = createShopService(accounts, 'shop-token')
  let nodes: TestServer[] = []
  beforeAll(async () => {
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    const shared = {
      SHOP_DIRECTORY_URL: `http://127.0.0.1:${(shop.address() as AddressInfo).port}`,
      SHOP_DIRECTORY_TOKEN: 'shop-token',
      DATABASE_URL: await createDatabase({ demo: true }),
      KEYS_URL: 'sql:',
      REDIS_URL: await createRedisDatabase(),
    }
    const first = await startTestServer(shared)
    nodes = [first, await startTestServer({ ...shared, ISSUER: first.config.ISSUER })]
  })
  afterAll(async () => {
    for (const node of nodes.toReversed()) await node.stop()
    shop.closeAllConnections()
    await new Promise((resolve) => shop.close(resolve))
  })

  test.each(SHOPS)(
    'see $name at introspection within two seconds, and at the next refresh',
    async ({ effect, change }) => {
      const [first] = nodes as [TestServer]
      const shopper = newShopper()
      const account = (more: object = {}): ShopAccount =>
        ({
          customer: { ...shopper.record, id: shopper.id, idCustomer: 4300, ...more },
          password: PASSWORD,
        }) as ShopAccount
      accounts.splice(0, 1, account())
      const login = { username: shopper.record.email, password: PASSWORD, scope: SCOPE }
      await seenEverywhere(nodes, await tokensOf(first.url, login), effect, async () => {
        accounts.splice(0, 1, account(change(shopper)))
      })
    },
  )
})
