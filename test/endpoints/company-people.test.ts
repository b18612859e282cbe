import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { decode, introspect, ordersService, read, refresh, tokensOf } from './client.ts'

const MANAGES = 'ManageCompanyUserInvitationPermissionPlugin'
const PERMISSIONS = { Buyer: ['Order'], Administrator: [MANAGES, 'Order'], Boss: [MANAGES, 'Order', 'Everything'] }
const INVITATION = /\/account\/companies\/invitation/
const SECRET = 'a-secret-of-the-client'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ DIALECTS: 'spryker' })
})
afterAll(() => shop?.stop())

type RoleName = keyof typeof PERMISSIONS
type Company = { readonly id: string; readonly name: string }

const roleId = ({ id }: Company, name: RoleName) => `${'abc'[Object.keys(PERMISSIONS).indexOf(name)]}${id.slice(1)}`

function memberOf(company: Company, name: RoleName, isActive = true) {
  const permissions = PERMISSIONS[name].map((key) => ({ key, configuration: {} }))
  return { id: randomUUID(), company, isActive, roles: [{ id: roleId(company, name), name, permissions }] }
}

type Membership = ReturnType<typeof memberOf>

async function store(customer: TestCustomer, ...companyUsers: readonly Membership[]): Promise<void> {
  const customerReference = `test-${Number(customer.id.slice(-12))}`
  await shop.importRecord({ email: customer.email, customerReference, emailVerified: true, companyUsers })
}

/** Somebody of companies, with a token as the first of them. */
async function person(...companyUsers: readonly Membership[]) {
  const customer = await shop.addCustomer()
  await store(customer, ...companyUsers)
  const login = { username: customer.email, password: customer.password }
  const [first] = companyUsers
  const fields = { ...login, scope: 'openid company', ...(first?.isActive && { company_user_id: first.id }) }
  const tokens = await tokensOf(shop.server.url, fields)
  return { customer, login, companyUser: first as Membership, token: tokens.access_token, tokens } // those who ask gave one
}

async function companyOf(name = 'Target') {
  const company = { id: randomUUID(), name }
  const [administrator, buyer, boss] = [
    await person(memberOf(company, 'Administrator')),
    await person(memberOf(company, 'Buyer')),
    await person(memberOf(company, 'Boss')),
  ]
  return { company, administrator, buyer, boss }
}

function call(token: string | undefined, method: string, path: string, body?: unknown) {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const headers = { ...authorization, ...(body !== undefined && { 'content-type': 'application/json' }) }
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }
  return read(fetch(`${shop.server.url}/company-users${path}`, init))
}

const patch = (token: string, id: string, body: unknown) => call(token, 'PATCH', `/people/${id}`, body)
const reasonsOf = async (customerId: string) => {
  const { body } = await ask(shop.server, OWNER, 'GET', `/v1/audit?customerId=${customerId}&type=company.membership`)
  return (body as unknown as { items: { reason: string; clientId?: string }[] }).items
}

describe('the people of a company', () => {
  test('are listed for its administrator, page by page and by what is searched for, and for nobody else', async () => {
    const { company, administrator, buyer, boss } = await companyOf()
    const { status, body } = await call(administrator.token, 'GET', '/people')
    expect([status, body.company]).toEqual([200, company])
    const people = [administrator, buyer, boss].map(({ customer, companyUser }) => ({
      id: companyUser.id,
      email: customer.email,
      // The second import says no names.
      name: '',
      roles: companyUser.roles.map(({ id, name }) => ({ id, name })),
      is_active: true,
    }))
    const byId = (list: readonly { id: string }[]) => list.toSorted((one, other) => (one.id < other.id ? -1 : 1))
    expect(byId(body.people)).toEqual(byId(people))
    const paged: unknown[] = []
    let cursor = ''
    do {
      const page = await call(administrator.token, 'GET', `/people?limit=1${cursor && `&cursor=${cursor}`}`)
      paged.push(...page.body.people)
      cursor = page.body.next_cursor ?? ''
    } while (cursor)
    expect(paged).toEqual(body.people)
    const found = await call(administrator.token, 'GET', `/people?search=${encodeURIComponent(buyer.customer.email)}`)
    expect(found.body.people.map(({ id }: { id: string }) => id)).toEqual([buyer.companyUser.id])
    const roles = await call(administrator.token, 'GET', '/roles')
    expect(roles.body.roles.map(({ name }: { name: string }) => name).sort()).toEqual(['Administrator', 'Buyer'])
    for (const path of ['/people', '/roles', '/invitations'])
      expect((await call(buyer.token, 'GET', path)).body.error).toBe('access_denied')
  })

  test('get roles, and are told, and it is on record with the client, and seen at introspection and refresh', async () => {
    const { company, administrator, buyer } = await companyOf('Roles')
    const ids = [roleId(company, 'Administrator'), roleId(company, 'Buyer')]
    const changed = await patch(administrator.token, buyer.companyUser.id, { role_ids: ids })
    expect(changed.status, changed.text).toBe(200)
    expect(changed.body.roles.map(({ id }: { id: string }) => id).sort()).toEqual([...ids].sort())
    expect((await introspect(shop.server.url, buyer.token)).company_roles).toContain('Administrator')
    const { body } = await read(refresh(shop.server.url, buyer.tokens.refresh_token))
    expect(decode(body.access_token).payload.permissions).toContain(MANAGES)
    expect((await shop.sink.mailTo(buyer.customer.email, 1, /role/)).text).toContain('Administrator')
    await waitFor(async () => (await reasonsOf(buyer.customer.id)).some(({ clientId }) => clientId === 'frontend'), {
      what: 'an entry in the trail',
    })
  })

  test('are deactivated, which ends their tokens, and may come back with the roles of before', async () => {
    const { administrator, buyer } = await companyOf('Deactivated')
    const { id } = buyer.companyUser
    const gone = await patch(administrator.token, id, { is_active: false })
    expect([gone.status, gone.body.is_active]).toEqual([200, false])
    expect(await introspect(shop.server.url, buyer.token)).toEqual({ active: false })
    expect((await read(refresh(shop.server.url, buyer.tokens.refresh_token))).body.error).toBe('invalid_grant')
    expect((await patch(administrator.token, id, { is_active: false })).status).toBe(200)
    const back = await patch(administrator.token, id, { is_active: true })
    expect([back.status, back.body.is_active, back.body.roles.length]).toEqual([200, true, 1])
    expect((await shop.sink.mailTo(buyer.customer.email, 1, /again/)).text).toContain('Deactivated')
    expect(await introspect(shop.server.url, buyer.token), 'what was ended stays so').toEqual({ active: false })
    const again = await tokensOf(shop.server.url, { ...buyer.login, scope: 'company' })
    expect(decode(again.access_token).payload.id_company_user).toBe(id)
  })

  const OTHERS = ['role_ids', 'is_active'] as const
  test.each(OTHERS)('of another company are out of reach, whatever the request names: %s', async (member) => {
    const [here, there] = [await companyOf('Here'), await companyOf('There')]
    const value = { role_ids: [roleId(here.company, 'Buyer')], is_active: false }[member]
    const ids = [here.buyer.companyUser.id, randomUUID(), "' or 1=1", '%00', '..%2f', 'x'.repeat(3000)]
    for (const id of ids) {
      const { status, body } = await patch(there.administrator.token, id, { [member]: value })
      expect([id, status, body.error]).toEqual([id, 404, 'not_found'])
    }
    expect((await call(here.administrator.token, 'GET', '/people')).body.people).toHaveLength(3)
  })

  test('are those of the company that the token acts for, of several that the customer looks after', async () => {
    const [one, two] = [await companyOf('One'), await companyOf('Two')]
    const both = await person(memberOf(one.company, 'Administrator'), memberOf(two.company, 'Administrator'))
    const { status } = await patch(both.token, two.buyer.companyUser.id, { is_active: false })
    expect(status).toBe(404)
    const scope = { ...both.login, scope: 'company', company_user_id: 'none' }
    const privately = await tokensOf(shop.server.url, scope)
    expect((await call(privately.access_token, 'GET', '/people')).status).toBe(403)
  })

  test('get and lose no role that may more than their administrator, themselves included', async () => {
    const { company, administrator, buyer, boss } = await companyOf('Ladder')
    const refused = [
      await patch(administrator.token, buyer.companyUser.id, { role_ids: [roleId(company, 'Boss')] }),
      await patch(administrator.token, buyer.companyUser.id, { role_ids: [randomUUID()] }),
      await patch(administrator.token, administrator.companyUser.id, { role_ids: [roleId(company, 'Boss')] }),
      await patch(administrator.token, boss.companyUser.id, { role_ids: [roleId(company, 'Buyer')] }),
      await patch(administrator.token, boss.companyUser.id, { is_active: false }),
      await call(administrator.token, 'POST', '/invitations', {
        email: 'a@example.org',
        role_id: roleId(company, 'Boss'),
      }),
    ]
    expect(refused.map(({ status, body }) => [status, body.error])).toEqual(
      refused.map(() => [409, 'role_not_allowed']),
    )
  })

  test('are never left without an administrator, also when two take each other’s role at once', async () => {
    const company = { id: randomUUID(), name: 'Duel' }
    const [one, two] = [
      await person(memberOf(company, 'Administrator')),
      await person(memberOf(company, 'Administrator')),
    ]
    await person(memberOf(company, 'Buyer'))
    expect((await patch(one.token, one.companyUser.id, { is_active: false })).body.error).toBe('oneself')
    const role_ids = [roleId(company, 'Buyer')]
    const answers = await Promise.all([
      patch(one.token, two.companyUser.id, { role_ids }),
      patch(two.token, one.companyUser.id, { role_ids }),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404])
    const last = answers[0]?.status === 200 ? one : two
    const own = await patch(last.token, last.companyUser.id, { role_ids })
    expect([own.status, own.body.error]).toEqual([409, 'last_administrator'])
    const none = await patch(last.token, last.companyUser.id, { role_ids: [] })
    expect([none.status, none.body.error]).toEqual([409, 'last_administrator'])
  })

  test('who left of their own accord come back by an invitation only', async () => {
    const { administrator, buyer } = await companyOf('Leavers')
    const visitor = shop.visitor()
    await visitor.signIn(buyer.customer)
    const form = await visitor.open(`/account/companies/leave?id=${buyer.companyUser.id}`)
    expect((await visitor.submit(form, '/leave')).status).toBe(200)
    const { body } = await call(administrator.token, 'GET', '/people')
    expect(body.people).toHaveLength(2)
    expect((await patch(administrator.token, buyer.companyUser.id, { is_active: true })).status).toBe(404)
  })
})

describe('invitations', () => {
  test('are sent, listed, sent again and taken back, with one answer for every address', async () => {
    const { company, administrator, buyer } = await companyOf('Inviting')
    const guest = await shop.addCustomer()
    const role_id = roleId(company, 'Buyer')
    const emails = [guest.email, 'nobody@example.org', buyer.customer.email]
    const answers = []
    for (const email of emails)
      answers.push(await call(administrator.token, 'POST', '/invitations', { email, role_id }))
    expect(answers.map(({ status, text }) => [status, text])).toEqual(emails.map(() => [202, '{"status":"invited"}']))
    await shop.sink.mailTo(guest.email, 1, INVITATION)
    const { body } = await call(administrator.token, 'GET', '/invitations')
    const sent = body.invitations as { id: string; email: string; role: string }[]
    expect(sent.map(({ email, role }) => [email, role]).sort()).toEqual(emails.map((email) => [email, 'Buyer']).sort())
    const id = sent.find(({ email }) => email === guest.email)?.id
    expect((await call(administrator.token, 'POST', `/invitations/${id}/resend`)).status).toBe(202)
    await shop.sink.mailTo(guest.email, 2, INVITATION)
    const other = await companyOf('Others')
    for (const [method, path] of [
      ['DELETE', `/invitations/${id}`],
      ['POST', `/invitations/${id}/resend`],
    ] as const)
      expect((await call(other.administrator.token, method, path)).status).toBe(404)
    expect((await call(administrator.token, 'DELETE', `/invitations/${id}`)).status).toBe(204)
    expect((await call(administrator.token, 'DELETE', `/invitations/${id}`)).status).toBe(404)
  })
})

describe('who may look after people by API', () => {
  const EVERYTHING = [
    ['GET', '/people'],
    ['GET', '/roles'],
    ['GET', '/invitations'],
    ['PATCH', `/people/${randomUUID()}`],
    ['POST', '/invitations'],
    ['DELETE', `/invitations/${randomUUID()}`],
    ['POST', `/invitations/${randomUUID()}/resend`],
  ] as const

  const everywhere = async (token: string | undefined) =>
    Promise.all(
      EVERYTHING.map(async ([method, path]) => {
        const { status, body } = await call(token, method, path, method === 'PATCH' ? { is_active: false } : undefined)
        return [status, body?.error]
      }),
    )

  async function clientOf(metadata: object) {
    const client_id = `client-${randomUUID()}`
    const made = await ask(shop.server, OWNER, 'POST', '/v1/clients', {
      metadata: { client_id, grant_types: ['password', 'refresh_token'], ...metadata },
      secret: SECRET,
    })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    return basicAuth(client_id, SECRET)
  }

  test('is nobody without a token that works', async () => {
    for (const token of [undefined, 'x']) {
      expect(await everywhere(token)).toEqual(EVERYTHING.map(() => [401, 'invalid_token']))
    }
  })

  test('is no token without the scope, and none for another service', async () => {
    const { administrator } = await companyOf('Scoped')
    const plain = await tokensOf(shop.server.url, { ...administrator.login, scope: 'customer' })
    expect(await everywhere(plain.access_token)).toEqual(EVERYTHING.map(() => [403, 'insufficient_scope']))
    const identifier = `urn:example:${randomUUID()}`
    await ask(shop.server, OWNER, 'POST', '/v1/resource-servers', { identifier, format: 'jwt', scopes: [] })
    const foreign = await tokensOf(shop.server.url, { ...administrator.login, scope: 'company', resource: identifier })
    expect(await everywhere(foreign.access_token)).toEqual(EVERYTHING.map(() => [401, 'invalid_token']))
  })

  test('is software of others only with a scope that it was given by name', async () => {
    const { administrator } = await companyOf('Apps')
    const resource = 'urn:vestibule:commerce'
    const { body: server } = await ask(
      shop.server,
      OWNER,
      'GET',
      `/v1/resource-servers/${encodeURIComponent(resource)}`,
    )
    const { identifier: _identifier, ...settings } = server as unknown as { identifier: string; scopes: string[] }
    const scopes = [...settings.scopes, 'company_people']
    const path = `/v1/resource-servers/${encodeURIComponent(resource)}`
    const put = await ask(shop.server, OWNER, 'PUT', path, { ...settings, scopes }, { 'If-Match': '*' })
    expect(put.status, JSON.stringify(put.body)).toBe(200)
    const [without, pattern, given] = [
      await clientOf({ resource_scopes: ['orders:*'] }),
      await clientOf({ resource_scopes: ['company*'] }),
      await clientOf({ resource_scopes: ['company_people'] }),
    ]
    const tokenOf = async (client: Record<string, string>, scope: string) =>
      (await tokensOf(shop.server.url, { ...administrator.login, scope }, client)).access_token
    expect(await everywhere(await tokenOf(without, 'company'))).toEqual(
      EVERYTHING.map(() => [403, 'insufficient_scope']),
    )
    const named = 'company company_people'
    expect(await everywhere(await tokenOf(pattern, named))).toEqual(EVERYTHING.map(() => [403, 'insufficient_scope']))
    expect((await call(await tokenOf(given, named), 'GET', '/people')).status).toBe(200)
    expect((await call(await tokenOf(given, 'company'), 'GET', '/people')).status).toBe(403)
  })

  test('is no agent who acts for an administrator', async () => {
    const { administrator } = await companyOf('Acted for')
    const { access_token } = await tokensOf(shop.server.url, {
      grant_type: 'urn:vestibule:grant:agent',
      username: 'agent@example.com',
      password: 'change123',
    })
    const { body } = await read(
      fetch(`${shop.server.url}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'urn:vestibule:grant:impersonation',
          client_id: 'frontend',
          subject_token: access_token,
          customer_reference: `test-${Number(administrator.customer.id.slice(-12))}`,
          reason: 'a ticket',
        }),
      }),
    )
    expect(body.access_token, JSON.stringify(body)).toBeDefined()
    expect(await everywhere(body.access_token)).toEqual(EVERYTHING.map(() => [403, 'access_denied']))
  })

  test('is no service that got the token of an administrator by a trade, whatever scopes it asks for', async () => {
    const { administrator } = await companyOf('Traded')
    for (const scope of ['company', undefined]) {
      const fields = {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: administrator.token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        resource: 'urn:vestibule:commerce',
        ...(scope && { scope }),
      }
      const { body } = await read(postForm(`${shop.server.url}/token`, fields, ordersService))
      expect(await everywhere(body.access_token)).toEqual(EVERYTHING.map(() => [403, 'access_denied']))
      expect((await call(body.access_token, 'GET', '')).status).toBe(403)
    }
  })

  test('is who looks after the company now, and not who did a moment ago', async () => {
    const { administrator, boss } = await companyOf('Former')
    const id = administrator.companyUser.id
    const role_ids = [roleId(administrator.companyUser.company, 'Buyer')]
    expect((await patch(boss.token, id, { role_ids })).status).toBe(200)
    expect(await everywhere(administrator.token)).toEqual(EVERYTHING.map(() => [403, 'access_denied']))
  })

  const BAD: readonly (readonly [string, RequestInit])[] = [
    ['no JSON', { body: '{', headers: { 'content-type': 'application/json' } }],
    ['a form', { body: 'is_active=false', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['an array', { body: '[]', headers: { 'content-type': 'application/json' } }],
    ['null', { body: 'null', headers: { 'content-type': 'application/json' } }],
    ['no member', { body: '{}', headers: { 'content-type': 'application/json' } }],
    ['two members', { body: '{"is_active":true,"role_ids":[]}', headers: { 'content-type': 'application/json' } }],
    ['another member', { body: '{"is_active":true,"email":"x"}', headers: { 'content-type': 'application/json' } }],
    ['another type', { body: '{"is_active":"no"}', headers: { 'content-type': 'application/json' } }],
    [
      'too much',
      { body: JSON.stringify({ role_ids: ['x'.repeat(20_000)] }), headers: { 'content-type': 'application/json' } },
    ],
  ]
  test.each(BAD)('sends what can be read, or is told so: %s', async (_what, init) => {
    const { administrator, buyer } = await companyOf('Strict')
    const { status, body } = await read(
      fetch(`${shop.server.url}/company-users/people/${buyer.companyUser.id}`, {
        ...init,
        method: 'PATCH',
        headers: { ...init.headers, authorization: `Bearer ${administrator.token}` },
      }),
    )
    expect([400, 413, 415]).toContain(status)
    expect(body.error).toBe('invalid_request')
  })

  test('is answered so many times a minute, and then told when to come again', async () => {
    const { administrator } = await companyOf('Flood')
    const answers = await Promise.all(Array.from({ length: 130 }, () => call(administrator.token, 'GET', '/roles')))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(10)
    expect(refused[0]?.headers.get('retry-after')).toBe('60')
  })
})
