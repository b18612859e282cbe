import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { tokensOf } from '../endpoints/client.ts'
import { startPageServer } from './page-server.ts'

const PASSWORD = 'correct horse battery staple'
const MANAGES = 'ManageCompanyUserInvitationPermissionPlugin'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

/** Somebody of a company, as which they are stored. */
async function store(company: object, role: object) {
  const [reference, id] = [randomUUID(), randomUUID()]
  const email = `${reference}@example.com`
  const companyUsers = [{ id, company, isActive: true, roles: [role] }]
  const record = { customerReference: reference, email, emailVerified: true, companyUsers, password: PASSWORD }
  const made = await ask(shop.server, shop.token, 'POST', '/v1/customers', record)
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return { id, login: { username: email, password: PASSWORD } }
}

test('companies are listed, chosen and managed as the page says', async () => {
  const company = { id: randomUUID(), name: 'Hardware' }
  const [order, manages] = ['Order', MANAGES].map((key) => ({ key, configuration: {} }))
  const buyer = { id: randomUUID(), name: 'Buyer', permissions: [order] }
  const { login } = await store(company, { id: randomUUID(), name: 'Administrator', permissions: [order, manages] })
  const person = await store(company, buyer)
  const { access_token } = await tokensOf(shop.server.url, { ...login, scope: 'openid company' })
  const walk = shop.walk(
    'docs/how-to/companies.md',
    { 'https://id.shop.example': shop.server.url },
    { BUYER_PASSWORD: 'Meet@123', ADMINISTRATOR_TOKEN: access_token, ROLE_ID: buyer.id, PERSON_ID: person.id },
  )
  const listed = JSON.parse(await walk.next('/company-users'))
  expect(listed.company_users.map(({ company: { name } }: { company: { name: string } }) => name)).toEqual([
    'Northern Hardware',
    'Southern Supplies',
  ])
  expect(await walk.next('company_user_id=none')).toContain('"access_token"')
  expect(await walk.next('/company-users/people')).toMatch(/"people":\[.*"roles":\[\{.*"name":"Buyer"/s)
  expect(await walk.next('/invitations')).toBe('{"status":"invited"}')
  expect(await walk.next('PATCH')).toContain('"is_active":false')
  walk.end()
})
