import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { CALLBACK, decode, pkce, read } from '../../endpoints/client.ts'
import { basicAuth, postForm } from '../../support/http.ts'
import { codeAt, secretOn, stepNow } from '../factor-shop.ts'
import { type HostedShop, type Page, startHostedShop, type TestCustomer, type Visitor } from '../hosted-shop.ts'
import { openSignedIn, pathOf } from './account-visitor.ts'

const INVITES = 'ManageCompanyUserInvitationPermissionPlugin'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

type Membership = { readonly company: { id: string; name: string }; readonly id: string }
type Kind = { readonly isAdministrator?: boolean; readonly isActive?: boolean; readonly isDefault?: boolean }

const company = (name: string) => ({ id: randomUUID(), name })

/** A company user of a company; its roles have ids that are made of the company's. */
function memberOf(
  of: { id: string; name: string },
  { isAdministrator = false, isActive = true, isDefault = false }: Kind = {},
) {
  const buyer = { id: `b${of.id.slice(1)}`, name: 'Buyer', permissions: [{ key: 'PlaceOrder', configuration: {} }] }
  const administrator = {
    id: `a${of.id.slice(1)}`,
    name: 'Administrator',
    permissions: [
      { key: INVITES, configuration: {} },
      { key: 'ApproveOrder', configuration: {} },
      { key: 'PlaceOrder', configuration: {} },
    ],
  }
  return { id: randomUUID(), company: of, isActive, isDefault, roles: [isAdministrator ? administrator : buyer] }
}

async function customerOf(...companyUsers: readonly ReturnType<typeof memberOf>[]): Promise<TestCustomer> {
  const customer = await shop.addCustomer()
  const customerReference = `test-${Number(customer.id.slice(-12))}`
  await shop.importRecord({ email: customer.email, customerReference, emailVerified: true, companyUsers })
  return customer
}

/** The claims of the access token that a sign-in ended with. */
async function claimsAfter(page: Page, verifier: string, client: 'frontend' | 'third-party-app' = 'frontend') {
  const code = new URL(page.url).searchParams.get('code') ?? ''
  const fields = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: CALLBACK }
  const headers = client === 'frontend' ? {} : basicAuth(client, 'third-party-app-secret')
  const own = client === 'frontend' ? { client_id: client } : {}
  const { body } = await read(postForm(`${shop.server.url}/token`, { ...fields, ...own }, headers))
  return decode((body as { access_token: string }).access_token).payload
}

async function begin(visitor: Visitor, customer: TestCustomer, fields: Record<string, string> = {}) {
  const { verifier, challenge } = pkce()
  const login = await visitor.openLogin({ code_challenge: challenge, ...fields })
  const page = login.html.includes('/login"')
    ? await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    : login
  return { page, verifier }
}

describe('the choice of a company', () => {
  const [north, south, closed] = [company('North & Sons'), company('South'), company('Closed')]
  const both = () => [memberOf(north), memberOf(south), memberOf(closed, { isActive: false })] as const

  test.each([
    ['nobody in a company', () => []],
    ['one company', () => [memberOf(north)]],
    ['one company that is active', () => [memberOf(north), memberOf(south, { isActive: false })]],
    ['a default among several', () => [memberOf(north), memberOf(south, { isDefault: true })]],
  ])('is not asked of a customer with %s', async (_what, members) => {
    const customer = await customerOf(...members())
    const { page } = await begin(shop.visitor(), customer)
    expect(page.url.startsWith(CALLBACK)).toBe(true)
  })

  test('is one tap, is in the token, and is remembered in the session', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const { page, verifier } = await begin(visitor, customer)
    expect(page.html).toContain('North &amp; Sons')
    expect(page.html).not.toContain('Closed')
    const chosen = await visitor.submit(page, '/company', { company: members[1].id, remember: '' })
    expect((await claimsAfter(chosen, verifier)).id_company_user).toBe(members[1].id)
    const again = await begin(visitor, customer)
    expect((await claimsAfter(again.page, again.verifier)).id_company_user).toBe(members[1].id)
  })

  test('can be to act as a private person', async () => {
    const customer = await customerOf(...both())
    const visitor = shop.visitor()
    const { page, verifier } = await begin(visitor, customer)
    const claims = await claimsAfter(await visitor.submit(page, '/company', { company: '' }), verifier)
    expect(claims.id_company_user).toBe(null)
  })

  test('is asked in no other browser once it is to be remembered', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const { page } = await begin(visitor, customer)
    await visitor.submit(page, '/company', { company: members[0].id, remember: 'yes' })
    const elsewhere = await begin(shop.visitor(), customer)
    expect((await claimsAfter(elsewhere.page, elsewhere.verifier)).id_company_user).toBe(members[0].id)
  })

  test('is not asked by a page where it cannot be: without one, and at the account pages themselves', async () => {
    const customer = await customerOf(...both())
    const visitor = shop.visitor()
    expect(pathOf(await openSignedIn(visitor, customer))).toBe('/account')
    const { page, verifier } = await begin(visitor, customer, { prompt: 'none' })
    expect((await claimsAfter(page, verifier)).id_company_user).toBe(null)
  })

  test('of many has a search that needs no script, with what was chosen last on top', async () => {
    const many = Array.from({ length: 30 }, (_, index) => memberOf(company(`Firm ${String(index).padStart(2, '0')}`)))
    const accented = memberOf(company('Zürich <b>Öl</b> & Co'))
    const closed = memberOf(company('Zürich closed'), { isActive: false })
    const customer = await customerOf(...many, accented, closed)
    const { page, verifier } = await begin(shop.visitor(), customer)
    const ids = ({ html }: Page) => [...html.matchAll(/name="company" value="([^"]+)"/g)].map(([, id]) => id)
    expect([ids(page).length, page.html.includes('role="search"')]).toEqual([20, true])
    expect(verifier).toBeTruthy()

    const visitor = shop.visitor()
    const { page: first, verifier: own } = await begin(visitor, customer)
    const at = first.url.split('?')[0]
    const found = await visitor.open(`${at}?search=${encodeURIComponent('ZURICH ')}`)
    expect([ids(found), found.html.includes('<b>Öl')]).toEqual([[accented.id], false])
    for (const search of ['nothing like it', '%', '_', '\\', 'x'.repeat(3000), '<script>'])
      expect(ids(await visitor.open(`${at}?search=${encodeURIComponent(search)}`))).toEqual([])
    expect((await visitor.open(`${at}?search=a&search=b`)).status).toBe(200)
    const chosen = await visitor.submit(found, '/company', { company: accented.id, remember: '' })
    expect((await claimsAfter(chosen, own)).id_company_user).toBe(accented.id)
    const again = await begin(shop.visitor(), customer)
    expect(ids(again.page)[0]).toBe(accented.id)
  })

  test('of seven or fewer has no search', async () => {
    const customer = await customerOf(...Array.from({ length: 7 }, (_, index) => memberOf(company(`Few ${index}`))))
    const { page } = await begin(shop.visitor(), customer)
    expect(page.html).not.toContain('role="search"')
  })

  test.each([
    ['of a company that is closed to them', (members: readonly Membership[]) => members[2]?.id ?? ''],
    ['of somebody else', () => randomUUID()],
    ['that is no id', () => 'x'.repeat(200)],
  ])('is refused for a company user %s', async (_what, idOf) => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const { page } = await begin(visitor, customer)
    expect((await visitor.submit(page, '/company', { company: idOf(members) })).status).toBe(400)
    const named = await begin(visitor, customer, { company_user_id: idOf(members) })
    expect(new URL(named.page.url).searchParams.get('error')).toBe('access_denied')
  })

  test('can be made by the client, for its own grant, and another time otherwise', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    for (const { id } of [members[0], members[1], members[0]]) {
      const { page, verifier } = await begin(visitor, customer, { company_user_id: id })
      expect((await claimsAfter(page, verifier)).id_company_user).toBe(id)
    }
  })

  test('is shown where a customer is asked for consent, and each company is asked for by itself', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const client = { client_id: 'third-party-app', scope: 'openid' }
    const { page } = await begin(visitor, customer, client)
    const consent = await visitor.submit(page, '/company', { company: members[1].id })
    expect(consent.html).toContain('It would act for South.')
    await visitor.submit(consent, '/consent', { decision: 'allow' })
    const { page: other } = await begin(visitor, customer, { ...client, company_user_id: members[0].id })
    expect(other.html).toContain('It would act for North &amp; Sons.')
    const { verifier, challenge } = pkce()
    const last = await visitor.openLogin({ ...client, code_challenge: challenge, company_user_id: members[0].id })
    const allowed = await visitor.submit(last, '/consent', { decision: 'allow' })
    expect((await claimsAfter(allowed, verifier, 'third-party-app')).id_company_user).toBe(members[0].id)
  })

  const ELSEWHERE = [
    ['for this browser', '/act-as', {}],
    ['as the default', '/default', { isDefault: true }],
  ] as const

  test.each(ELSEWHERE)(
    'made %s while another company is on the page of a consent is what a person is asked for anew',
    async (_what, form, kind) => {
      const members = [memberOf(north), memberOf(south, kind)] as const
      const customer = await customerOf(...members)
      const visitor = shop.visitor()
      const { page, verifier } = await begin(visitor, customer, { client_id: 'third-party-app', scope: 'openid' })
      const consent =
        kind === ELSEWHERE[0][2] ? await visitor.submit(page, '/company', { company: members[1].id }) : page
      expect(consent.html).toContain('It would act for South.')
      await visitor.submit(await visitor.open('/account/companies'), form, { id: members[0].id })
      expect((await visitor.submit(consent, '/consent', { decision: 'allow' })).status).toBe(403)
      const anew = await visitor.open(consent.url)
      expect(anew.html).toContain('It would act for North &amp; Sons.')
      const allowed = await visitor.submit(anew, '/consent', { decision: 'allow' })
      expect((await claimsAfter(allowed, verifier, 'third-party-app')).id_company_user).toBe(members[0].id)
    },
  )

  test('made while a client asks for more gives the first company no more than it had', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const client = { client_id: 'third-party-app', scope: 'openid' }
    const { page, verifier } = await begin(visitor, customer, client)
    const first = await visitor.submit(page, '/company', { company: members[1].id })
    await claimsAfter(await visitor.submit(first, '/consent', { decision: 'allow' }), verifier, 'third-party-app')
    const more = await begin(visitor, customer, { ...client, scope: 'openid email' })
    expect(more.page.html).toContain('It would act for South.')
    await visitor.submit(await visitor.open('/account/companies'), '/act-as', { id: members[0].id })
    const anew = await visitor.open(more.page.url)
    expect(anew.html).toContain('It would act for North &amp; Sons.')
    await visitor.submit(anew, '/consent', { decision: 'allow' })
    await visitor.submit(await visitor.open('/account/companies'), '/act-as', { id: members[1].id })
    const back = await begin(visitor, customer, { ...client, scope: 'openid email' })
    expect(back.page.html).toContain('It would act for South.')
  })

  test('for a third-party client is the one that was consented to, whatever is chosen afterwards', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const client = { client_id: 'third-party-app', scope: 'openid' }
    const { page, verifier } = await begin(visitor, customer, client)
    const consent = await visitor.submit(page, '/company', { company: members[1].id })
    const allowed = await visitor.submit(consent, '/consent', { decision: 'allow' })
    for (const act of ['/act-as', '/default'])
      await visitor.submit(await visitor.open('/account/companies'), act, { id: members[0].id })
    expect((await claimsAfter(allowed, verifier, 'third-party-app')).id_company_user).toBe(members[1].id)
    expect((await begin(visitor, customer, client)).page.html).toContain('It would act for North &amp; Sons.')
  })

  test('is changed on the account page, where the default is set as well', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const page = await openSignedIn(visitor, customer, '/account/companies')
    const done = await visitor.submit(page, '/act-as', { id: members[1].id })
    expect(done.html).toContain('In this browser')
    const now = await begin(visitor, customer)
    expect((await claimsAfter(now.page, now.verifier)).id_company_user).toBe(members[1].id)
    await visitor.submit(await visitor.open('/account/companies'), '/default', { id: members[0].id })
    const elsewhere = await begin(shop.visitor(), customer)
    expect((await claimsAfter(elsewhere.page, elsewhere.verifier)).id_company_user).toBe(members[0].id)
  })

  test.each([
    ['for this browser', '/act-as', ''],
    ['as the default', '/default', ', as the default'],
  ])('%s is in the trail and among the activities, and one of somebody else is not', async (_what, form, more) => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const page = await openSignedIn(visitor, customer, '/account/companies')
    await visitor.submit(page, form, { id: randomUUID() })
    expect((await visitor.open('/account/activity')).html).not.toContain('The company to act for was chosen')
    await visitor.submit(page, form, { id: members[1].id })
    expect((await visitor.open('/account/activity')).html).toContain('The company to act for was chosen')
    const path = `/v1/audit?customerId=${customer.id}&type=company.chosen`
    const { body } = await ask(shop.server, OWNER, 'GET', path)
    const { items } = body as { items: { reason: string; ip?: string }[] }
    expect(items).toMatchObject([{ reason: `company user ${members[1].id}${more}`, ip: expect.any(String) }])
  })

  test('ends with the company user: a session that was signed out of it is renewed by no form of the account pages', async () => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const { page } = await begin(visitor, customer)
    await visitor.submit(page, '/company', { company: members[1].id, remember: '' })
    const forms = [await visitor.open('/account/sessions'), await visitor.open('/account/companies')] as const
    await ask(shop.server, OWNER, 'POST', '/v1/sign-outs', { of: 'company-user', id: members[1].id })
    const answers = [
      await visitor.submit(forms[0], '/end-others'),
      await visitor.submit(forms[1], '/act-as', { id: members[0].id }),
      await visitor.open('/account'),
    ]
    expect(answers.map(({ html }) => html.includes('/login"'))).toEqual([true, true, true])
    expect((await begin(visitor, customer)).page.html).toContain('North &amp; Sons')
  })

  const RENEWING: Readonly<Record<string, (visitor: Visitor) => Promise<Page>>> = {
    'everybody else was signed out': async (visitor) =>
      visitor.submit(await visitor.open('/account/sessions'), '/end-others'),
    'the password was changed': async (visitor) => {
      const password = 'quite another password'
      return visitor.submit(await visitor.open('/account/security/password'), '/password', {
        password,
        repeated: password,
      })
    },
    'the account is to be deleted': async (visitor) =>
      visitor.submit(await visitor.open('/account/data/delete'), '/delete'),
    'an app was set up for codes': async (visitor) => {
      const form = await visitor.open('/account/security/second-factor')
      return visitor.submit(form, '/second-factor', { code: await codeAt(secretOn(form), stepNow()) })
    },
  }
  const CHOICES = ['a company', 'a private person'] as const
  const cases = Object.entries(RENEWING).flatMap(([what, act]) => CHOICES.map((choice) => ({ what, act, choice })))

  test.each(cases)('of $choice outlives that $what', async ({ act, choice }) => {
    const members = both()
    const customer = await customerOf(...members)
    const visitor = shop.visitor()
    const { page } = await begin(visitor, customer)
    const company = choice === 'a company' ? members[1].id : ''
    await visitor.submit(page, '/company', { company, remember: '' })
    expect((await act(visitor)).status).toBe(200)
    const again = await begin(visitor, customer)
    expect((await claimsAfter(again.page, again.verifier)).id_company_user).toBe(company || null)
  })
})

describe('leaving a company', () => {
  test.each([
    ['one other', 1],
    ['several others', 2],
  ])('for which the session acts chooses anew among %s, without another sign-in', async (_what, others) => {
    const left = memberOf(company('Left'))
    const rest = Array.from({ length: others }, (_, index) => memberOf(company(`Other ${index}`)))
    const customer = await customerOf(left, ...rest)
    const visitor = shop.visitor()
    await visitor.submit((await begin(visitor, customer)).page, '/company', { company: left.id, remember: '' })
    const done = await visitor.submit(await visitor.open(`/account/companies/leave?id=${left.id}`), '/leave')
    expect(pathOf(done)).toBe('/account/companies?done=company-left')
    const { verifier, challenge } = pkce()
    const page = await visitor.openLogin({ code_challenge: challenge })
    expect(page.html.includes('/login"')).toBe(false)
    const chosen = others > 1 ? await visitor.submit(page, '/company', { company: rest[1]?.id ?? '' }) : page
    expect((await claimsAfter(chosen, verifier)).id_company_user).toBe(rest.at(-1)?.id)
  })

  test('ends what was granted for it, tells by mail, and is closed to the last who looks after others', async () => {
    const of = company('Leavers')
    const [chief, buyer] = [memberOf(of, { isAdministrator: true }), memberOf(of)]
    const [administrator, member] = [await customerOf(chief), await customerOf(buyer)]
    const visitor = shop.visitor()
    const form = await openSignedIn(visitor, administrator, `/account/companies/leave?id=${chief.id}`)
    const refused = await visitor.submit(form, '/leave')
    expect([refused.status, refused.html.includes('Nobody else looks after')]).toEqual([409, true])
    expect((await visitor.open('/account/data/delete')).html).toContain('Nobody else looks after Leavers')

    const second = shop.visitor()
    const leave = await openSignedIn(second, member, `/account/companies/leave?id=${buyer.id}`)
    expect(pathOf(await second.submit(leave, '/leave'))).toBe('/account/companies?done=company-left')
    expect((await shop.sink.mailTo(member.email)).subject).toMatch(/^You no longer act for Leavers at /)
    const { page, verifier } = await begin(second, member)
    expect((await claimsAfter(page, verifier)).id_company_user).toBe(null)
    // Now there is nobody else to look after.
    const last = await visitor.submit(await visitor.open(`/account/companies/leave?id=${chief.id}`), '/leave')
    expect(last.status).toBe(200)
  })
})

describe('a company of two who look after it and a buyer', () => {
  test('loses one to a deletion, and then neither to another one nor to leaving; and none once that is called off', async () => {
    const of = company('Twofold')
    const [first, second] = [memberOf(of, { isAdministrator: true }), memberOf(of, { isAdministrator: true })]
    const [going, staying] = [await customerOf(first), await customerOf(second)]
    await customerOf(memberOf(of))
    const [one, other] = [shop.visitor(), shop.visitor()]
    const deletion = await openSignedIn(one, going, '/account/data/delete')
    expect((await one.submit(deletion, '/delete')).status).toBe(200)
    const form = await openSignedIn(other, staying, `/account/companies/leave?id=${second.id}`)
    expect((await other.open('/account/data/delete')).html).toContain('Nobody else looks after Twofold')
    expect((await other.submit(form, '/leave')).status).toBe(409)
    await one.submit(await one.open('/account/data'), '/keep')
    expect((await other.submit(await other.open(`/account/companies/leave?id=${second.id}`), '/leave')).status).toBe(
      200,
    )
  })
})

describe('an invitation', () => {
  async function invite(email: string, role?: string) {
    const of = company('Inviters')
    const member = memberOf(of, { isAdministrator: true })
    const administrator = await customerOf(member, memberOf(company('Another')))
    await customerOf(memberOf(of))
    const visitor = shop.visitor()
    const form = await openSignedIn(visitor, administrator, `/account/companies/invite?id=${member.id}`)
    const sent = await visitor.submit(form, '/invite', { email, role: role ?? `b${of.id.slice(1)}` })
    return { sent, visitor, of, member }
  }

  test('leads from a letter to the company, and looking at it uses nothing up', async () => {
    const guest = await shop.addCustomer()
    const { sent } = await invite(guest.email)
    expect(pathOf(sent)).toBe('/account/companies?done=invited')
    const letter = await shop.sink.mailTo(guest.email)
    expect(letter.subject).toMatch(/^An invitation to Inviters at /)
    const visitor = shop.visitor()
    await openSignedIn(visitor, guest, letter.link)
    expect((await shop.visitor().open(letter.link)).status).toBe(200)
    const page = await visitor.open(letter.link)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    const done = await visitor.submit(page, '/invitation', { decision: 'accept' })
    expect(pathOf(done)).toMatch(/^\/account\/companies\?done=invitation-accepted/)
    expect(done.html).toContain('Inviters')
    expect((await visitor.open(letter.link)).status).toBe(404)
    const { page: signedIn, verifier } = await begin(visitor, guest)
    expect((await claimsAfter(signedIn, verifier)).id_company_user).toEqual(expect.any(String))
  })

  test('waits on the page of whom it is for, who may decline it, and nobody else can answer it', async () => {
    const [guest, stranger] = [await shop.addCustomer(), await shop.addCustomer()]
    await invite(guest.email)
    const { link } = await shop.sink.mailTo(guest.email)
    const visitor = shop.visitor()
    const page = await openSignedIn(visitor, guest, '/account/companies')
    const id = /name="id" value="([^"]+)"/.exec(page.html)?.[1] ?? ''

    const other = shop.visitor()
    const seen = await openSignedIn(other, stranger, link)
    expect([seen.html.includes('another e-mail address'), seen.html.includes('decision')]).toEqual([true, false])
    await invite(stranger.email)
    const own = await other.open('/account/companies')
    expect((await other.submit(own, '/answer', { id, decision: 'accept' })).status).toBe(404)

    const done = await visitor.submit(page, '/answer', { decision: 'decline' })
    expect(pathOf(done)).toBe('/account/companies?done=invitation-declined')
    expect((await visitor.open('/account/companies')).html).not.toContain('decision')
  })

  test('is answered alike for every address, and can be taken back', async () => {
    const known = await shop.addCustomer()
    const [a, b] = [await invite(known.email), await invite('nobody-at-all@example.org')]
    const plain = ({ html }: Page, email: string) =>
      html.replaceAll(/value="[^"]*"|id=[\w-]+|buyer\d+@example\.com/g, '').replaceAll(email, '')
    expect(plain(a.sent, known.email)).toBe(plain(b.sent, 'nobody-at-all@example.org'))
    const { link } = await shop.sink.mailTo(known.email)
    const done = await a.visitor.submit(await a.visitor.open('/account/companies'), '/take-back')
    expect(pathOf(done)).toBe('/account/companies?done=invitation-taken-back')
    expect((await openSignedIn(shop.visitor(), known, link)).status).toBe(404)
  })

  test('gives no role with more permissions than the inviter has, and is of no company of others', async () => {
    const of = company('Ladder')
    const member = memberOf(of, { isAdministrator: true })
    const administrator = await customerOf(member)
    const boss = { id: randomUUID(), name: 'Boss', permissions: [{ key: 'EverythingElse', configuration: {} }] }
    await customerOf({ ...memberOf(of), roles: [boss] })
    const visitor = shop.visitor()
    const form = await openSignedIn(visitor, administrator, `/account/companies/invite?id=${member.id}`)
    expect(form.html).not.toContain('Boss')
    expect((await visitor.submit(form, '/invite', { email: 'x@example.org', role: boss.id })).status).toBe(422)
    const buyer = memberOf(of)
    const plain = await customerOf(buyer)
    expect((await openSignedIn(shop.visitor(), plain, `/account/companies/invite?id=${buyer.id}`)).status).toBe(404)
    const stranger = memberOf(company('Elsewhere'), { isAdministrator: true })
    await customerOf(stranger)
    const foreign = { id: stranger.id, email: 'x@example.org', role: `b${stranger.company.id.slice(1)}` }
    expect((await visitor.submit(form, '/invite', foreign)).status).toBe(404)
  })
})
