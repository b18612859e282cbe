import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { ask as askAdmin, OWNER } from '../admin/administrators.ts'
import { decode, revoke, type Tokens, tokensOf } from '../endpoints/client.ts'
import { type HostedShop, startHostedShop, type TestCustomer, type Visitor } from '../interaction/hosted-shop.ts'
import { addClient } from '../signal-endpoints/signal-clients.ts'
import { postJson } from '../support/http.ts'
import { addStreamClient, type StreamClient } from './stream-client.ts'

type Person = {
  readonly customer: TestCustomer
  readonly reference: string
  readonly tokens: Tokens
  readonly visitor: Visitor
  readonly company: string
  readonly companyUser: string
}

type Cause = {
  readonly does: (person: Person) => Promise<unknown>
  /** Event and initiating entity, with what else is looked at. */
  readonly tells: readonly (readonly [event: string, by: string, members?: object])[]
  /** What the subject says beside the person. */
  readonly within?: (person: Person) => object
}

const passwords = createPasswords()
const NEW = 'an even better password 77'

describe.each([{ isEmbedded: false }, { isEmbedded: true }])('with isEmbedded: $isEmbedded', ({ isEmbedded }) => {
  let shop: HostedShop
  let receiver: StreamClient
  let stream_id: string
  beforeAll(async () => {
    shop = await startHostedShop({}, { isEmbedded })
    receiver = await addStreamClient(shop.server)
    stream_id = (await receiver.create()).stream_id
  })
  afterAll(() => shop?.stop())

  const admin = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await askAdmin(shop.server, OWNER, method, path, body, headers)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer
  }
  const changeCustomer = async ({ customer }: Person, path: string, method: string, body: unknown) => {
    const { headers } = await admin('GET', `/v1/customers/${customer.id}`)
    return admin(method, `/v1/customers/${customer.id}${path}`, body, { 'if-match': String(headers.get('etag')) })
  }
  const companyUsers = (person: Person, more: object = {}, permissions: readonly string[] = []) => [
    {
      id: person.companyUser,
      company: { id: person.company, name: 'Acme' },
      isActive: true,
      isDefault: true,
      roles: [{ id: randomUUID(), name: 'Buyer', permissions: permissions.map((key) => ({ key, configuration: {} })) }],
      ...more,
    },
  ]

  async function somebody(): Promise<Person> {
    const customer = await shop.addCustomer()
    const reference = `test-${Number(customer.id.slice(-12))}`
    const [company, companyUser] = [randomUUID(), randomUUID()]
    const visitor = shop.visitor()
    const person = { customer, reference, company, companyUser, visitor }
    await changeCustomer(person as Person, '/company-users', 'PUT', { companyUsers: companyUsers(person as Person) })
    await visitor.signIn(customer)
    const tokens = await tokensOf(shop.server.url, {
      username: customer.email,
      password: customer.password,
      scope: 'openid',
    })
    // What this itself told of.
    await receiver.take(
      stream_id,
      1,
      ({ subId, event }) => event === 'token-claims-change' && isAbout(subId, customer.id),
    )
    return { ...person, tokens }
  }

  function isAbout(subId: Record<string, unknown>, id: string): boolean {
    const user = (subId.format === 'complex' ? subId.user : subId) as Record<string, unknown>
    return user.sub === id
  }

  const CAUSES: Readonly<Record<string, Cause>> = {
    'a sign-out everywhere by an operator': {
      does: ({ customer }) => admin('POST', '/v1/sign-outs', { of: 'customer', id: customer.id }),
      tells: [['session-revoked', 'admin']],
    },
    'one sign-in that an operator ends': {
      does: ({ tokens }) => admin('POST', `/v1/grants/${String(decode(tokens.access_token).payload.gid)}/revoke`, {}),
      tells: [['session-revoked', 'admin']],
      within: ({ tokens, company }) => ({
        tenant: { format: 'opaque', id: company },
        session: { format: 'opaque', id: decode(tokens.access_token).payload.gid },
      }),
    },
    'Global Token Revocation': {
      async does({ customer }) {
        const client = await addClient(shop.server, ['global_token_revocation'])
        const authorization = `Bearer ${await client.token()}`
        const sub_id = { format: 'email', email: customer.email }
        await postJson(`${shop.server.url}/global-token-revocation`, { sub_id }, { authorization })
      },
      tells: [['session-revoked', 'system']],
    },
    'a password that the customer changes': {
      does: ({ visitor }) =>
        visitor
          .open('/account/security/password')
          .then((form) => visitor.submit(form, '/password', { password: NEW, repeated: NEW })),
      tells: [
        ['credential-change', 'user', { credential_type: 'password', change_type: 'update' }],
        ['session-revoked', 'user'],
      ],
    },
    'a password that an import sets': {
      does: async ({ customer, reference }) =>
        shop.importRecord({
          email: customer.email,
          customerReference: reference,
          emailVerified: true,
          password: await passwords.hash(NEW),
        }),
      tells: [
        ['credential-change', 'admin', { credential_type: 'password', change_type: 'update' }],
        ['session-revoked', 'admin'],
      ],
    },
    'an account that is blocked': {
      does: ({ customer }) => admin('POST', `/v1/customers/${customer.id}/block`, {}),
      tells: [
        ['account-disabled', 'admin'],
        ['session-revoked', 'admin'],
      ],
    },
    'an account that is blocked and unblocked': {
      async does({ customer }) {
        await admin('POST', `/v1/customers/${customer.id}/block`, {})
        await admin('POST', `/v1/customers/${customer.id}/unblock`, {})
      },
      tells: [
        ['account-disabled', 'admin'],
        ['account-enabled', 'admin'],
        ['session-revoked', 'admin'],
      ],
    },
    'an account that is erased': {
      does: ({ reference }) => admin('POST', `/v1/customers/${reference}/erase`, {}),
      tells: [
        ['account-purged', 'user'],
        ['session-revoked', 'user'],
      ],
    },
    'an e-mail address that an operator changes': {
      does: (person) => changeCustomer(person, '', 'PATCH', { email: `moved-${person.reference}@example.com` }),
      tells: [
        ['recovery-information-changed', 'admin'],
        ['session-revoked', 'admin'],
        ['token-claims-change', 'admin', { claims: { email_verified: false } }],
      ],
    },
    'an e-mail address that is confirmed again': {
      async does({ customer, reference }) {
        await shop.importRecord({ email: customer.email, customerReference: reference, emailVerified: false })
      },
      tells: [['token-claims-change', 'admin', { claims: { email_verified: false } }]],
    },
    'another role in a company': {
      does: (person) =>
        changeCustomer(person, '/company-users', 'PUT', { companyUsers: companyUsers(person, {}, ['AddCartItem']) }),
      tells: [['token-claims-change', 'admin', { claims: { company_roles: ['Buyer'], permissions: ['AddCartItem'] } }]],
      within: ({ company }) => ({ tenant: { format: 'opaque', id: company } }),
    },
    'a company user that is no longer active': {
      does: (person) =>
        changeCustomer(person, '/company-users', 'PUT', { companyUsers: companyUsers(person, { isActive: false }) }),
      tells: [
        ['session-revoked', 'admin'],
        ['token-claims-change', 'admin', { claims: { id_company_user: null, company_roles: [], permissions: [] } }],
      ],
      within: ({ company }) => ({ tenant: { format: 'opaque', id: company } }),
    },
  }

  test.each(Object.keys(CAUSES))('%s is told, with who caused it', async (name) => {
    const { does, tells, within } = CAUSES[name] as Cause
    const person = await somebody()
    await does(person)
    const sets = await receiver.take(stream_id, tells.length, ({ subId }) => isAbout(subId, person.customer.id))
    const found = sets.toSorted((one, other) => one.event.localeCompare(other.event))
    expect(found.map(({ event, members }) => [event, members.initiating_entity])).toEqual(
      tells.map(([event, by]) => [event, by]),
    )
    for (const [index, [, , members = {}]] of tells.entries()) {
      expect(found[index]?.members).toMatchObject(members)
      expect(Number.isInteger(found[index]?.members.event_timestamp)).toBe(true)
      const user = { format: 'iss_sub', iss: shop.server.url, sub: person.customer.id }
      expect(found[index]?.subId).toEqual(within ? { format: 'complex', user, ...within(person) } : user)
      expect(found[index]?.claims.txn).toEqual(expect.any(String))
    }
  })

  test('a refresh token that its client revokes is no news about a person', async () => {
    const [person, marker] = [await somebody(), await somebody()]
    await revoke(shop.server.url, person.tokens.refresh_token)
    await admin('POST', '/v1/sign-outs', { of: 'customer', id: marker.customer.id })
    const all = await receiver.drain(stream_id, (found) =>
      found.some(({ subId }) => isAbout(subId, marker.customer.id)),
    )
    expect(all.filter(({ subId }) => isAbout(subId, person.customer.id))).toEqual([])
  })

  test('nothing follows the erasure of an account', async () => {
    const [person, marker] = [await somebody(), await somebody()]
    await admin('POST', `/v1/customers/${person.reference}/erase`, {})
    await admin('POST', '/v1/sign-outs', { of: 'customer', id: person.customer.id })
    await admin('POST', '/v1/sign-outs', { of: 'customer', id: marker.customer.id })
    const all = await receiver.drain(
      stream_id,
      (found) =>
        found.some(({ event, subId }) => event === 'account-purged' && isAbout(subId, person.customer.id)) &&
        found.some(({ subId }) => isAbout(subId, marker.customer.id)),
    )
    const told = all.filter(({ subId }) => isAbout(subId, person.customer.id)).map(({ event }) => event)
    expect(told).toEqual(['session-revoked', 'account-purged'])
  })
})
