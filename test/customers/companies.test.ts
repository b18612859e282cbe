import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { decode, introspect, read, refresh, requestTokens, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const PASSWORD = 'a password of theirs'
const passwords = createPasswords()

type CompanyStatus = 'approved' | 'blocked'
type Member = { readonly id: string; readonly companyId: string; readonly name: string; readonly isDefault?: boolean }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN })
})
afterAll(() => server?.stop())

const member = (name: string, isDefault = false): Member => ({
  id: randomUUID(),
  companyId: randomUUID(),
  name,
  isDefault,
})

/** A new customer who buys for these companies. */
async function createBuyer(members: readonly Member[]) {
  const reference = randomUUID()
  const login = { username: `${reference}@example.com`, password: PASSWORD }
  const password = await passwords.hash(PASSWORD)
  const store = async (more: object) => {
    const record = { email: login.username, customerReference: reference, emailVerified: true, ...more }
    const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: JSON.stringify(record),
    })
    expect(await answer.text()).toContain('"refused":0')
  }
  const saying = (status: CompanyStatus, whose?: Member) => ({
    companyUsers: members.map(({ id, companyId, name, isDefault }) => ({
      id,
      isDefault,
      company: { id: companyId, name, status: whose?.companyId === companyId ? status : 'approved' },
      businessUnit: { id: companyId.replace(/^./, '0'), name: `${name}, Berlin` },
      roles: [{ name: 'Buyer', permissions: [{ key: `Buy for ${name}` }] }],
    })),
  })
  await store({ password, ...saying('approved') })
  return {
    login,
    setCompany: (status: CompanyStatus, whose: Member) => store(saying(status, whose)),
    setCustomer: (status: 'active' | 'blocked') => store({ status }),
  }
}

const actsAs = (token: string) => decode(token).payload.id_company_user
const until = (what: string, isSo: () => Promise<boolean>) => waitFor(isSo, { what })

describe('while a company is blocked', () => {
  test('nobody acts for it: not by a token there is, not by a refresh, not by signing in', async () => {
    const works = member('Works')
    const { login, setCompany } = await createBuyer([works])
    const tokens = await tokensOf(server.url, login)
    expect(actsAs(tokens.access_token)).toBe(works.id)
    expect(await introspect(server.url, tokens.access_token)).toMatchObject({
      active: true,
      permissions: [{ key: 'Buy for Works' }],
    })

    await setCompany('blocked', works)
    await until('the token to be inactive', async () => !(await introspect(server.url, tokens.access_token)).active)
    expect(await read(refresh(server.url, tokens.refresh_token))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    const { access_token } = await tokensOf(server.url, login)
    expect(decode(access_token).payload).toMatchObject({ id_company_user: null, company_roles: [], permissions: [] })
  })

  test('a sign-in acts for the one that is left, the default or not', async () => {
    const [works, mill] = [member('Works', true), member('Mill')]
    const { login, setCompany } = await createBuyer([works, mill])
    expect(actsAs((await tokensOf(server.url, login)).access_token)).toBe(works.id)
    await setCompany('blocked', works)
    expect(actsAs((await tokensOf(server.url, login)).access_token)).toBe(mill.id)
    await setCompany('approved', works)
    expect(actsAs((await tokensOf(server.url, login)).access_token)).toBe(works.id)
  })
})

test('of several companies without a default a sign-in acts for none', async () => {
  const { login } = await createBuyer([member('Works'), member('Mill')])
  expect(actsAs((await tokensOf(server.url, login)).access_token)).toBe(null)
})

test('a blocked customer has no token that works, cannot refresh and cannot sign in', async () => {
  const { login, setCustomer } = await createBuyer([])
  const tokens = await tokensOf(server.url, login)
  await setCustomer('blocked')
  await until('the token to be inactive', async () => !(await introspect(server.url, tokens.access_token)).active)
  expect((await refresh(server.url, tokens.refresh_token)).status).toBe(400)
  expect((await requestTokens(server.url, login)).status).toBe(400)
})
