import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createShopService, type ShopAccount } from '../../docs/how-to/shop-directory-example.ts'
import { ask, OWNER } from '../admin/administrators.ts'
import { describeOn } from '../support/describe-on.ts'
import { postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { query } from '../support/sql.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, introspect, read, refresh, tokensOf, userinfo } from './client.ts'

/** How long what is known of a customer may be remembered anywhere. */
const REMEMBERED_MS = 2000
const PASSWORD = 'correct horse battery staple'
const SCOPE = 'openid profile email customer company'

/** What introspection and userinfo say of a token; both are asked, so that both remember. */
type Said = { readonly introspection: object; readonly userinfo: object }

async function look({ url }: TestServer, token: string): Promise<Said> {
  const introspection = await introspect(url, token)
  const { status, body } = await read(userinfo(url, token))
  return { introspection, userinfo: { status, ...body } }
}

function newShopper() {
  const [id, reference, companyId, roleId, companyUserId] = Array.from({ length: 5 }, () => randomUUID()) as [
    string,
    string,
    string,
    string,
    string,
  ]
  const role = { id: roleId, name: 'Buyer', permissions: [{ key: 'Order', configuration: { limit: 5 } }] }
  const companyUser = {
    id: companyUserId,
    company: { id: companyId, name: 'Hardware' },
    isActive: true,
    isDefault: true,
    roles: [role],
  }
  const record = {
    customerReference: reference,
    email: `${reference}@example.com`,
    emailVerified: true,
    givenName: 'First',
    companyUsers: [companyUser],
  }
  return { id, reference, companyId, roleId, companyUserId, role, companyUser, record }
}

type Shopper = ReturnType<typeof newShopper>

const tokenOf = async ({ url }: TestServer, { record }: Pick<Shopper, 'record'>) =>
  (await tokensOf(url, { username: record.email, password: PASSWORD, scope: SCOPE })).access_token

const AT_FIRST: Said = {
  introspection: {
    active: true,
    company_roles: ['Buyer'],
    permissions: [{ key: 'Order', configuration: { limit: 5 } }],
  },
  userinfo: { status: 200, given_name: 'First', email_verified: true, company_roles: ['Buyer'] },
}
const permissionsAre = (...keys: string[]): Partial<Said> => {
  const permissions = keys.map((key) => ({ key, configuration: {} }))
  return { introspection: { active: true, permissions }, userinfo: { status: 200, permissions } }
}
const INACTIVE: Said = { introspection: { active: false }, userinfo: { status: 401 } }
const MANAGER = { name: 'Manager', permissions: [{ key: 'Approve', configuration: {} }] }

async function admin(node: TestServer, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const asked = await ask(node, OWNER, method, path, body, { 'If-Match': '*' })
  if (asked.status >= 300) throw new Error(`${method} ${path}: ${asked.status} ${JSON.stringify(asked.body)}`)
  return asked.body
}
const importRecord = (node: TestServer, record: object) =>
  admin(node, 'POST', '/v1/customers/import', JSON.stringify(record))

type Change = {
  readonly name: string
  /** How the customer is before the change, where that is not `AT_FIRST`. */
  readonly from?: {
    readonly prepare: (node: TestServer, shopper: Shopper) => Promise<unknown>
    readonly said: Partial<Said>
  }
  readonly make: (node: TestServer, shopper: Shopper) => Promise<unknown>
  readonly said: Partial<Said>
}

const UNCONFIRMED: NonNullable<Change['from']> = {
  prepare: (node, { record }) => importRecord(node, { ...record, emailVerified: false }),
  said: { userinfo: { status: 200, email_verified: false } },
}
const CONFIRMED: Partial<Said> = { userinfo: { status: 200, email_verified: true } }

/** Whatever changes what is said of a customer, by every way in. */
const CHANGES: readonly Change[] = [
  {
    name: 'other permissions of a role, by the admin API',
    make: (node, { companyId, roleId }) =>
      admin(node, 'PUT', `/v1/companies/${companyId}/roles/${roleId}`, { ...MANAGER, name: 'Buyer' }),
    said: permissionsAre('Approve'),
  },
  {
    name: 'another name of a role, by the admin API',
    make: (node, { companyId, roleId, role: { id: _id, ...role } }) =>
      admin(node, 'PUT', `/v1/companies/${companyId}/roles/${roleId}`, { ...role, name: 'Manager' }),
    said: { introspection: { company_roles: ['Manager'] }, userinfo: { company_roles: ['Manager'] } },
  },
  {
    name: 'other roles of a company user, by the admin API',
    make: (node, { reference, companyUser }) =>
      admin(node, 'PUT', `/v1/customers/${reference}/company-users`, {
        companyUsers: [{ ...companyUser, roles: [MANAGER] }],
      }),
    said: permissionsAre('Approve'),
  },
  {
    name: 'no roles of a company user, by an import',
    make: (node, { record, companyUser }) =>
      importRecord(node, { ...record, companyUsers: [{ ...companyUser, roles: [] }] }),
    said: permissionsAre(),
  },
  {
    name: 'other permissions of a role, by a new customer of the company',
    make: (node, { companyUser, role }) => {
      const another = newShopper().record
      const companyUsers = [
        { ...companyUser, id: randomUUID(), roles: [{ ...role, permissions: MANAGER.permissions }] },
      ]
      return admin(node, 'POST', '/v1/customers', { ...another, companyUsers })
    },
    said: permissionsAre('Approve'),
  },
  {
    name: 'another name of the customer, by the admin API',
    make: (node, { reference }) => admin(node, 'PATCH', `/v1/customers/${reference}`, { givenName: 'Second' }),
    said: { userinfo: { status: 200, given_name: 'Second' } },
  },
  {
    name: 'an e-mail address that is confirmed by an operator',
    from: UNCONFIRMED,
    make: (node, { reference }) => admin(node, 'POST', `/v1/customers/${reference}/confirm`),
    said: CONFIRMED,
  },
  {
    name: 'an e-mail address that is confirmed by a dialect',
    from: UNCONFIRMED,
    async make(node, { reference }) {
      const { registrationKey } = await admin(node, 'POST', '/v1/registration-keys', { customerReference: reference })
      const data = { type: 'customer-confirmation', attributes: { registrationKey } }
      expect((await postJson(`${node.url}/customer-confirmation`, { data })).status).toBe(204)
    },
    said: CONFIRMED,
  },
  {
    name: 'a company user who is not active any more, by the admin API',
    make: (node, { reference, companyUser }) =>
      admin(node, 'PUT', `/v1/customers/${reference}/company-users`, {
        companyUsers: [{ ...companyUser, isActive: false }],
      }),
    said: INACTIVE,
  },
  {
    name: 'a company that is blocked, by the admin API',
    make: (node, { companyId }) => admin(node, 'PATCH', `/v1/companies/${companyId}`, { status: 'blocked' }),
    said: INACTIVE,
  },
  {
    name: 'a customer who is blocked, by the admin API',
    make: (node, { reference }) => admin(node, 'POST', `/v1/customers/${reference}/block`),
    said: INACTIVE,
  },
  {
    name: 'a customer who is blocked, by an import',
    make: (node, { record }) => importRecord(node, { ...record, status: 'blocked' }),
    said: INACTIVE,
  },
  {
    name: 'another e-mail address, by the admin API',
    make: (node, { reference }) =>
      admin(node, 'PATCH', `/v1/customers/${reference}`, { email: `${reference}@example.org` }),
    said: INACTIVE,
  },
  {
    name: 'a customer who is erased',
    make: (node, { reference }) => admin(node, 'POST', `/v1/customers/${reference}/erase`),
    said: INACTIVE,
  },
]

/** The same, as a node stores them that tells nobody. */
const STORED: readonly {
  readonly name: string
  readonly sql: (shopper: Shopper) => string
  readonly said: Partial<Said>
}[] = [
  {
    name: 'permissions',
    sql: ({ roleId }) => `delete from permissions where company_role_id = '${roleId}'`,
    said: permissionsAre(),
  },
  {
    name: 'roles',
    sql: ({ companyUserId }) => `delete from company_user_roles where company_user_id = '${companyUserId}'`,
    said: permissionsAre(),
  },
  {
    name: 'the activity of the company user',
    sql: ({ companyUserId }) => `update company_users set is_active = false where id = '${companyUserId}'`,
    said: INACTIVE,
  },
  {
    name: 'the status of the company',
    sql: ({ companyId }) => `update companies set status = 'blocked' where id = '${companyId}'`,
    said: INACTIVE,
  },
  {
    name: 'the status of the customer',
    sql: ({ reference }) => `update customers set status = 'blocked' where customer_reference = '${reference}'`,
    said: INACTIVE,
  },
  {
    name: 'the e-mail address',
    sql: ({ reference }) => `update customers set email = 'x@example.org' where customer_reference = '${reference}'`,
    said: { userinfo: { status: 200, email: 'x@example.org' } },
  },
]

/** Time stands still, so that nothing is forgotten because a machine is slow. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())
const later = (milliseconds: number) => void vi.setSystemTime(Date.now() + milliseconds)

const stores = [
  { store: 'Postgres and Redis', redis: createRedisDatabase },
  { store: 'Postgres alone', redis: undefined },
]
for (const { store, redis } of stores)
  describeOn(redis ? 'redis' : 'postgres', `two nodes on ${store}`, () => {
    let [first, second]: TestServer[] = []
    let nodes: { readonly first: TestServer; readonly second: TestServer }
    let database = ''
    beforeAll(async () => {
      database = await createDatabase({ demo: true })
      const shared = {
        ADMIN_TOKEN: OWNER,
        DIALECTS: 'spryker',
        DATABASE_URL: database,
        KEYS_URL: 'sql:',
        ...(redis && { REDIS_URL: await redis() }),
      }
      first = await startTestServer(shared)
      second = await startTestServer({ ...shared, ISSUER: first.config.ISSUER })
      nodes = { first, second }
    })
    afterAll(async () => {
      await second?.stop()
      await first?.stop()
    })

    /** A customer with a token that both nodes were asked about, each at this moment. */
    async function known(from?: Change['from']): Promise<{ shopper: Shopper; token: string }> {
      const shopper = newShopper()
      await admin(nodes.first, 'POST', '/v1/customers', { ...shopper.record, password: PASSWORD })
      const token = await tokenOf(nodes.first, shopper)
      await from?.prepare(nodes.first, shopper)
      later(REMEMBERED_MS)
      for (const node of [nodes.first, nodes.second])
        expect(await look(node, token)).toMatchObject(from?.said ?? AT_FIRST)
      return { shopper, token }
    }

    test.each(CHANGES)(
      '$name: said at once by the node that made it, and by the other once it is told',
      async ({ from, make, said }) => {
        const { shopper, token } = await known(from)
        await make(nodes.first, shopper)
        expect(await look(nodes.first, token), 'the node that made it').toMatchObject(said)
        await waitFor(async () => {
          expect(await look(nodes.second, token)).toMatchObject(said)
          return true
        })
      },
    )

    test.each(STORED)(
      'a node that is told nothing of $name says it when two seconds have passed',
      async ({ sql, said }) => {
        const { shopper, token } = await known()
        await query(database, sql(shopper))
        later(REMEMBERED_MS - 1)
        expect(await look(nodes.second, token), 'remembered').toMatchObject(AT_FIRST)
        later(1)
        expect(await look(nodes.second, token)).toMatchObject(said)
      },
    )

    test('who may act again is active at once', async () => {
      const { shopper } = await known()
      const put = (isActive: boolean) =>
        admin(nodes.first, 'PUT', `/v1/customers/${shopper.reference}/company-users`, {
          companyUsers: [{ ...shopper.companyUser, isActive }],
        })
      await put(false)
      later(1)
      const without = await tokenOf(nodes.first, shopper)
      for (const node of [nodes.first, nodes.second])
        expect(await look(node, without)).toMatchObject({ introspection: { active: true, id_company_user: null } })
      await put(true)
      later(1)
      const token = await tokenOf(nodes.first, shopper)
      expect(await look(nodes.first, token)).toMatchObject(AT_FIRST)
    })
  })

describe('a server on the embedded database, which remembers customers for refreshes too', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER, DIALECTS: 'spryker' }, { isEmbedded: true })
  })
  afterAll(() => server?.stop())

  test.each(CHANGES)('$name: said in the token of the next refresh', async ({ from, make, said }) => {
    const shopper = newShopper()
    await admin(server, 'POST', '/v1/customers', { ...shopper.record, password: PASSWORD })
    const login = { username: shopper.record.email, password: PASSWORD, scope: SCOPE }
    const first = await tokensOf(server.url, login)
    await from?.prepare(server, shopper)
    const second = await read(refresh(server.url, first.refresh_token))
    expect(await look(server, second.body.access_token)).toMatchObject(from?.said ?? AT_FIRST)
    await make(server, shopper)
    const { status, body } = await read(refresh(server.url, second.body.refresh_token))
    if (said === INACTIVE) return expect([status, body.error]).toEqual([400, 'invalid_grant'])
    expect(status).toBe(200)
    expect(await look(server, body.access_token)).toMatchObject(said)
    const { permissions } = { ...AT_FIRST.introspection, ...said.introspection } as { permissions: { key: string }[] }
    expect(decode(body.access_token).payload.permissions).toEqual(permissions.map(({ key }) => key))
  })
})

describe('customers who stay in the shop', () => {
  let accounts: ShopAccount[]
  let asked: string[]
  let server: TestServer
  let shop: ReturnType<typeof createShopService>
  beforeAll(async () => {
    accounts = []
    asked = []
    shop = createShopService(accounts, 'shop-token')
    shop.on('request', ({ url }) => void asked.push(String(url)))
    await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve))
    const SHOP_DIRECTORY_URL = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
    server = await startTestServer({ SHOP_DIRECTORY_URL, SHOP_DIRECTORY_TOKEN: 'shop-token' })
  })
  afterAll(async () => {
    await server?.stop()
    shop?.closeAllConnections()
    await new Promise((resolve) => shop?.close(resolve))
  })

  const inShop = ({ id, record }: Shopper, change: object = {}): ShopAccount => ({
    customer: { ...record, id, idCustomer: 4200 + accounts.length, ...change },
    password: PASSWORD,
  })

  test.each<{ name: string; change: (shopper: Shopper) => object; said: Partial<Said> }>([
    {
      name: 'permissions',
      change: ({ companyUser, role }) => ({
        companyUsers: [{ ...companyUser, roles: [{ ...role, permissions: MANAGER.permissions }] }],
      }),
      said: permissionsAre('Approve'),
    },
    {
      name: 'roles',
      change: ({ companyUser }) => ({ companyUsers: [{ ...companyUser, roles: [] }] }),
      said: permissionsAre(),
    },
    {
      name: 'the activity of the company user',
      change: ({ companyUser }) => ({ companyUsers: [{ ...companyUser, isActive: false }] }),
      said: INACTIVE,
    },
    {
      name: 'the status of the company',
      change: ({ companyUser }) => ({
        companyUsers: [{ ...companyUser, company: { ...companyUser.company, status: 'blocked' } }],
      }),
      said: INACTIVE,
    },
    { name: 'the status of the customer', change: () => ({ status: 'blocked' }), said: INACTIVE },
    {
      name: 'the e-mail address',
      change: () => ({ email: 'x@example.org' }),
      said: { userinfo: { status: 200, email: 'x@example.org' } },
    },
    { name: 'the name', change: () => ({ givenName: 'Second' }), said: { userinfo: { given_name: 'Second' } } },
  ])('what the shop changes of $name is said when two seconds have passed', async ({ change, said }) => {
    const shopper = newShopper()
    accounts.splice(0, 1, inShop(shopper))
    const token = await tokenOf(server, shopper)
    expect(await look(server, token)).toMatchObject(AT_FIRST)
    accounts.splice(0, 1, inShop(shopper, change(shopper)))
    later(REMEMBERED_MS)
    expect(await look(server, token)).toMatchObject(said)
  })

  test('a memory that is about to end does not become the beginning of another', async () => {
    const shopper = newShopper()
    accounts.splice(0, 1, inShop(shopper))
    const login = { username: shopper.record.email, password: PASSWORD, scope: SCOPE }
    const { refresh_token } = await tokensOf(server.url, login)
    const { body } = await read(refresh(server.url, refresh_token))
    later(REMEMBERED_MS - 1)
    asked.splice(0)
    expect(await look(server, body.access_token)).toMatchObject(AT_FIRST)
    expect(asked).toEqual([])
    accounts.splice(0, 1, inShop(shopper, { status: 'blocked' }))
    later(1)
    expect(await look(server, body.access_token)).toMatchObject(INACTIVE)
  })

  test('one look-up answers introspection and userinfo for two seconds', async () => {
    const shopper = newShopper()
    accounts.splice(0, 1, inShop(shopper))
    const token = await tokenOf(server, shopper)
    later(REMEMBERED_MS)
    asked.splice(0)
    await look(server, token)
    later(REMEMBERED_MS - 1)
    await look(server, token)
    expect(asked).toEqual([`/customers/${shopper.id}`])
  })
})
