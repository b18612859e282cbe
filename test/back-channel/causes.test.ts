import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { document } from '../dialects/spryker/exchange.ts'
import { decode, refresh, revoke, type Tokens, tokensOf } from '../endpoints/client.ts'
import type { TestCustomer, Visitor } from '../interaction/hosted-shop.ts'
import { RECOVERY_LINK } from '../interaction/mail-sink.ts'
import { postForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { type ShopWithClients, type SignedIn, startShopWithClients, type ToldClient } from './shop-with-clients.ts'

let shop: ShopWithClients
/** One that is told the session, one that is told the person, and one at which nobody of these tests is signed in. */
let bySession: ToldClient
let byPerson: ToldClient
let another: ToldClient
beforeAll(async () => {
  shop = await startShopWithClients()
  bySession = await shop.addClient({ backchannel_logout_session_required: true })
  byPerson = await shop.addClient()
  another = await shop.addClient()
})
afterAll(() => shop?.stop())

type Person = {
  readonly customer: TestCustomer
  /** Two browsers: the first is signed in at both clients, the second at the one that is told the session. */
  readonly here: Visitor
  readonly atSession: SignedIn
  readonly atPerson: SignedIn
  readonly elsewhere: SignedIn
}

async function person(): Promise<Person> {
  const customer = await shop.addCustomer()
  const here = shop.visitor()
  const atSession = await shop.signIn(bySession, customer, here.jar)
  const atPerson = await shop.signIn(byPerson, customer, here.jar)
  return { customer, here, atSession, atPerson, elsewhere: await shop.signIn(bySession, customer) }
}

const sidOf = ({ tokens }: { tokens: Tokens }) => String(decode(tokens.id_token).payload.sid)
const referenceOf = ({ id }: TestCustomer) => `test-${Number(id.slice(-12))}`

type Told = { readonly bySession: unknown[]; readonly byPerson: unknown[] }

/** What the two clients were told of this person: the `sid` of each notice. */
async function expectTold({ customer }: { readonly customer: { readonly id: string } }, told: Told): Promise<void> {
  await marked()
  const sidsAt = async (client: ToldClient) =>
    (await client.told(0)).filter(({ claims }) => claims.sub === customer.id).map(({ claims }) => claims.sid)
  const now = async () => ({ bySession: await sidsAt(bySession), byPerson: await sidsAt(byPerson) })
  // What goes out beside the marker may arrive after it.
  await expect.poll(now, { timeout: 60_000 }).toEqual(told)
}

/** Endings are told in their order: clients that are told of this one were told of those before. */
async function marked(): Promise<void> {
  const marker = await shop.addCustomer()
  const { jar } = await shop.signIn(bySession, marker)
  await shop.signIn(byPerson, marker, jar)
  await done(shop.admin('POST', `/v1/customers/${referenceOf(marker)}/block`))
  for (const client of [bySession, byPerson]) {
    const isMarked = async () => (await client.told(0)).some(({ claims }) => claims.sub === marker.id)
    await waitFor(isMarked, { what: 'the marker' })
  }
}

async function done(asked: ReturnType<ShopWithClients['admin']>): Promise<void> {
  const { status, body } = await asked
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
}

const passwordTokens = ({ email, password }: TestCustomer, fields: Record<string, string> = {}) =>
  tokensOf(shop.server.url, { username: email, password, ...fields })

async function recover({ customer }: Person): Promise<void> {
  const visitor = shop.visitor()
  const login = await visitor.openLogin()
  const href = /href="([^"]*\/recovery\?from=[^"]+)"/.exec(login.html)?.[1] ?? ''
  await visitor.submit(await visitor.open(href), '/recovery', { login: customer.email })
  const { link } = await shop.sink.mailTo(customer.email, 1, RECOVERY_LINK)
  const password = 'an even better password'
  await visitor.submit(await visitor.open(link), '/recovery/new', { password, repeated: password })
}

describe('everything of a person ends: each client is told once, and no session is named', () => {
  test.each<[string, (person: Person) => Promise<unknown>]>([
    ['a block', ({ customer }) => done(shop.admin('POST', `/v1/customers/${referenceOf(customer)}/block`))],
    ['an erasure', ({ customer }) => done(shop.admin('POST', `/v1/customers/${referenceOf(customer)}/erase`))],
    [
      'a sign-out by an operator',
      ({ customer: { id } }) => done(shop.admin('POST', '/v1/sign-outs', { of: 'customer', id })),
    ],
    ['a password recovery', recover],
    [
      'a block by an import',
      ({ customer }) =>
        shop.importRecord({ email: customer.email, customerReference: referenceOf(customer), status: 'blocked' }),
    ],
    [
      'a sign-out everywhere at a dialect',
      async ({ customer }) => {
        const { access_token } = await passwordTokens(customer, { resource: 'urn:vestibule:dialect:spryker' })
        const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' }
        const body = JSON.stringify(document('refresh-tokens', {}))
        const answer = await fetch(`${shop.server.url}/refresh-tokens/mine`, { method: 'DELETE', headers, body })
        expect(answer.status).toBe(204)
      },
    ],
  ])('%s', async (_, end) => {
    const signedIn = await person()
    await end(signedIn)
    await expectTold(signedIn, { bySession: [undefined], byPerson: [undefined] })
    expect(another.receiver.received).toEqual([])
  })
})

describe('a session ends: the client is told which', () => {
  test('that was ended on the account page of another browser', async () => {
    const signedIn = await person()
    const { here, elsewhere } = signedIn
    await here.submit(await here.open('/account/sessions'), '/sessions/end')
    await expectTold(signedIn, { bySession: [sidOf(elsewhere)], byPerson: [] })
  })

  test('all others, where the customer signs out everywhere else', async () => {
    const signedIn = await person()
    const { here, elsewhere } = signedIn
    await here.submit(await here.open('/account/sessions'), '/sessions/end-others')
    await expectTold(signedIn, { bySession: [sidOf(elsewhere)], byPerson: [] })
  })

  test('all others, where the customer takes another password', async () => {
    const signedIn = await person()
    const { here, elsewhere } = signedIn
    const form = await here.open('/account/security/password')
    const password = 'an even better password'
    const fields = { password, repeated: password, sign_out_others: 'yes' }
    const after = await here.submit(form, '/security/password', fields)
    expect(after.url).toContain('done=password')
    await expectTold(signedIn, { bySession: [sidOf(elsewhere)], byPerson: [] })
    expect((await here.open('/account')).url).toContain('/account')
  })

  test('none, where the customer takes another password and stays signed in everywhere', async () => {
    const signedIn = await person()
    const { here } = signedIn
    const password = 'an even better password'
    await here.submit(await here.open('/account/security/password'), '/security/password', {
      password,
      repeated: password,
      sign_out_others: '',
    })
    await expectTold(signedIn, { bySession: [], byPerson: [] })
  })

  test('whose sign-in an operator ended', async () => {
    const signedIn = await person()
    const { id } = signedIn.customer
    const { body } = await shop.admin('GET', `/v1/grants?customerId=${id}&clientId=${bySession.id}`)
    const [last] = (body as { items: { id: string }[] }).items
    await done(shop.admin('POST', `/v1/grants/${last?.id}/revoke`))
    await expectTold(signedIn, { bySession: [sidOf(signedIn.elsewhere)], byPerson: [] })
  })

  test('and a client that is not told sessions is told the person, once for several sessions', async () => {
    const signedIn = await person()
    await shop.signIn(byPerson, signedIn.customer)
    await shop.signIn(byPerson, signedIn.customer)
    await signedIn.here.submit(await signedIn.here.open('/account/sessions'), '/sessions/end-others')
    await expectTold(signedIn, { bySession: [sidOf(signedIn.elsewhere)], byPerson: [undefined] })
  })
})

describe('no session ends, and no client is told', () => {
  test.each<[string, (person: Person) => Promise<unknown>]>([
    [
      'a refresh token that was given back',
      ({ atSession }) => revoke(shop.server.url, atSession.tokens.refresh_token, {}, bySession.proof),
    ],
    [
      'an access token that was given back',
      ({ atSession }) => revoke(shop.server.url, atSession.tokens.access_token, {}, bySession.proof),
    ],
    [
      'a refresh token that was used twice',
      async ({ atSession: { tokens } }) => {
        const next = () => refresh(shop.server.url, tokens.refresh_token, {}, bySession.proof)
        const successor = ((await (await next()).json()) as Tokens).refresh_token
        await refresh(shop.server.url, successor, {}, bySession.proof)
        expect((await next()).status).toBe(400)
      },
    ],
    [
      'access that was taken from an app',
      async ({ here, customer }) => {
        await done(shop.admin('GET', `/v1/grants?customerId=${customer.id}`))
        await here.submit(await here.open('/account/apps'), '/apps/withdraw')
      },
    ],
    [
      'a sign-out of all customers of a client',
      () => done(shop.admin('POST', '/v1/sign-outs', { of: 'client', id: bySession.id })),
    ],
  ])('%s', async (_, end) => {
    const signedIn = await person()
    await end(signedIn)
    await expectTold(signedIn, { bySession: [], byPerson: [] })
  })
})

test('a company user who may no longer act: the client is told the person', async () => {
  const customer = await shop.addCustomer()
  const company = { id: randomUUID(), name: 'North' }
  const companyUser = { id: randomUUID(), company, isActive: true, isDefault: true, roles: [] }
  const about = { email: customer.email, customerReference: referenceOf(customer), emailVerified: true }
  await shop.importRecord({ ...about, companyUsers: [companyUser] })
  await shop.signIn(bySession, customer)
  await shop.importRecord({ ...about, companyUsers: [{ ...companyUser, isActive: false }] })
  await expectTold({ customer }, { bySession: [undefined], byPerson: [] })
})

test('a company user that a refresh chose, who may no longer act: the client is told the person', async () => {
  const customer = await shop.addCustomer()
  const companyUser = (isDefault: boolean) => {
    const company = { id: randomUUID(), name: 'North' }
    return { id: randomUUID(), company, isActive: true, isDefault, roles: [] }
  }
  const [first, second] = [companyUser(true), companyUser(false)]
  const about = { email: customer.email, customerReference: referenceOf(customer), emailVerified: true }
  await shop.importRecord({ ...about, companyUsers: [first, second] })
  const { tokens } = await shop.signIn(bySession, customer)
  const chosen = { company_user_id: second.id }
  expect((await refresh(shop.server.url, tokens.refresh_token, chosen, bySession.proof)).status).toBe(200)
  await shop.importRecord({ ...about, companyUsers: [first, { ...second, isActive: false }] })
  await expectTold({ customer }, { bySession: [undefined], byPerson: [] })
})

test('a sign-out of everybody: each client is told each of its people once', async () => {
  const signedIn = [await person(), await person()]
  await done(shop.admin('POST', '/v1/sign-outs', { of: 'everybody' }))
  for (const one of signedIn) await expectTold(one, { bySession: [undefined], byPerson: [undefined] })
})

test('an agent who is dismissed: the client is told the agent', async () => {
  const client = await shop.addClient({ grant_types: ['urn:vestibule:grant:agent'], redirect_uris: undefined })
  const email = `agent-${randomUUID()}@example.com`
  const made = await shop.admin('POST', '/v1/agents', { email, password: 'change123-agent' })
  const login = {
    grant_type: 'urn:vestibule:grant:agent',
    username: email,
    password: 'change123-agent',
    scope: 'openid',
  }
  const tokens = (await (await postForm(`${shop.server.url}/token`, login, client.proof)).json()) as Tokens
  const { sub } = decode(tokens.id_token).payload
  await done(shop.admin('POST', `/v1/agents/${made.body.id}/block`))
  const [notice] = await client.told()
  expect(notice?.claims).toMatchObject({ sub, aud: client.id })
  expect(notice?.claims).not.toHaveProperty('sid')
})

test('a sign-in by the password grant: the client is told when everything of the person ends', async () => {
  const customer = await shop.addCustomer()
  const fields = { grant_type: 'password', username: customer.email, password: customer.password, scope: 'openid' }
  expect((await postForm(`${shop.server.url}/token`, fields, another.proof)).status).toBe(200)
  await done(shop.admin('POST', `/v1/customers/${referenceOf(customer)}/block`))
  expect((await another.told()).map(({ claims }) => claims.sub)).toEqual([customer.id])
})

test('a person who signs in again and is blocked again: the client is told again', async () => {
  const signedIn = await person()
  const path = `/v1/customers/${referenceOf(signedIn.customer)}`
  await done(shop.admin('POST', `${path}/block`))
  await done(shop.admin('POST', `${path}/unblock`))
  const again = await shop.signIn(bySession, signedIn.customer, signedIn.here.jar)
  expect(sidOf(again)).not.toBe(sidOf(signedIn.atSession))
  await done(shop.admin('POST', `${path}/block`))
  await expectTold(signedIn, { bySession: [undefined, undefined], byPerson: [undefined] })
})
