import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { introspect, refresh, tokensOf } from '../../endpoints/client.ts'
import {
  codeAt,
  type EnrolledCustomer,
  type FactorShop,
  recoveryCodesOn,
  SECOND_FACTOR,
  secretOn,
  startFactorShop,
  stepNow,
} from '../factor-shop.ts'
import { isSignedIn, type TestCustomer, type Visitor } from '../hosted-shop.ts'
import { RECOVERY_LINK } from '../mail-sink.ts'
import { openSignedIn, pathOf, signedIn } from './account-visitor.ts'

const SET_UP = '/account/security/second-factor'
const REMOVE = '/account/security/second-factor/remove'
const RENEW = '/account/security/recovery-codes'

let shop: FactorShop
beforeAll(async () => {
  shop = await startFactorShop()
})
afterAll(async () => {
  vi.useRealTimers()
  await shop?.stop()
})

/** Signs in with a recovery code; `box` lets the browser be remembered. */
async function enter(visitor: Visitor, customer: EnrolledCustomer, path: string, box = '') {
  const page = await openSignedIn(visitor, customer, path)
  if (!page.url.endsWith('/second-factor')) return page
  const paper = await visitor.open(`${page.url}?way=recovery`)
  return visitor.submit(paper, '/second-factor', { code: customer.recoveryCode(), remember_device: box })
}

async function setUp(visitor: Visitor): Promise<{ codes: string[]; secret: string }> {
  const form = await visitor.open(SET_UP)
  const secret = secretOn(form)
  const page = await visitor.submit(form, SET_UP, { code: await codeAt(secret, stepNow()) })
  return { codes: recoveryCodesOn(page), secret }
}

describe('an app that is set up', () => {
  test('counts once its code was right, makes this session a strong one, and ends all others', async () => {
    const { customer, visitor } = await signedIn(shop)
    const elsewhere = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
    const form = await visitor.open(SET_UP)
    const wrong = await visitor.submit(form, SET_UP, { code: '000000' })
    expect([wrong.status, secretOn(wrong)]).toEqual([422, secretOn(form)])
    expect(isSignedIn(await shop.visitor().signIn(customer)), 'not yet').toBe(true)
    expect((await setUp(visitor)).codes).toHaveLength(10)
    const page = await visitor.open('/account/security?done=second-factor-added')
    expect(page.html).toContain('You have 10 recovery codes left')
    expect(isSignedIn(await visitor.openLogin({ prompt: 'none', acr_values: SECOND_FACTOR }))).toBe(true)
    expect((await shop.visitor().signIn(customer)).url).toMatch(/\/second-factor$/)
    expect((await refresh(shop.server.url, elsewhere.refresh_token)).status).toBe(400)
    expect(await introspect(shop.server.url, elsewhere.access_token)).toEqual({ active: false })
    expect((await shop.sink.mailTo(customer.email)).subject).toContain('now needs a code')
  })

  test('cannot be set up over another', async () => {
    const { visitor } = await signedIn(shop)
    const form = await visitor.open(SET_UP)
    await setUp(visitor)
    expect((await visitor.open(SET_UP)).status).toBe(404)
    const late = await visitor.submit(form, SET_UP, { code: await codeAt(secretOn(form), stepNow()) })
    expect(late.html).not.toContain('<li><code>')
  })

  test('is that of the customer whose form it is', async () => {
    const [one, other] = [await signedIn(shop), await signedIn(shop)]
    const [mine, theirs] = [await one.visitor.open(SET_UP), await other.visitor.open(SET_UP)]
    const [, enrolment = ''] = /name="enrolment" value="([^"]+)"/.exec(theirs.html) ?? []
    const code = await codeAt(secretOn(theirs), stepNow())
    for (const forged of [enrolment, '', 'x', Buffer.from('{}').toString('base64url'), 'e30'.repeat(5000)]) {
      const answer = await one.visitor.submit(mine, SET_UP, { enrolment: forged, code })
      expect([answer.status, answer.html.includes('<li><code>')]).toEqual([422, false])
    }
    expect(isSignedIn(await shop.visitor().signIn(one.customer))).toBe(true)
  })
})

describe('a customer with an app', () => {
  test('gets new recovery codes for a code, and the old ones no longer work', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const form = await enter(visitor, customer, RENEW)
    expect((await visitor.submit(form, RENEW, { code: '' })).status).toBe(422)
    expect((await visitor.submit(form, RENEW, { code: '000000' })).status).toBe(422)
    const codes = recoveryCodesOn(await visitor.submit(form, RENEW, { code: await customer.code() }))
    expect(codes).toHaveLength(10)
    const next = shop.visitor()
    const page = await next.open(`${(await next.signIn(customer)).url}?way=recovery`)
    expect((await next.submit(page, '/second-factor', { code: customer.recoveryCode() })).status).toBe(422)
    expect(isSignedIn(await next.submit(page, '/second-factor', { code: codes[0] ?? '' }))).toBe(true)
  })

  test('takes it away with a code, and is told', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const form = await enter(visitor, customer, REMOVE)
    expect((await visitor.submit(form, REMOVE, { code: '000000' })).status).toBe(422)
    const done = await visitor.submit(form, REMOVE, { code: customer.recoveryCode() })
    expect(pathOf(done)).toBe('/account/security?done=second-factor-removed')
    expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
    const subjects = () => shop.sink.mailsTo(customer.email).map(({ subject }) => subject)
    await vi.waitFor(() => expect(subjects().join('\n')).toContain('no longer needs a code'))
  })

  test('does neither after a password alone, in a remembered browser', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    await enter(visitor, customer, '/account', 'yes')
    for (const path of [REMOVE, RENEW]) {
      const form = await openSignedIn(visitor, customer, path)
      expect((await visitor.submit(form, path, { code: '' })).status).toBe(422)
    }
    expect((await shop.visitor().signIn(customer)).url).toMatch(/\/second-factor$/)
  })
})

describe('a remembered browser', () => {
  const Firefox = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:154.0) Gecko/20100101 Firefox/154.0' }

  async function remembered(customer: EnrolledCustomer): Promise<Visitor> {
    const visitor = shop.visitor(Firefox)
    await enter(visitor, customer, '/account', 'yes')
    return visitor
  }
  const asksAgain = async (visitor: Visitor, customer: TestCustomer) =>
    (await visitor.signIn(customer)).url.endsWith('/second-factor')

  test('is on the list, and asks for a code once it is forgotten there', async () => {
    const customer = await shop.enrol()
    const visitor = await remembered(customer)
    expect(await asksAgain(visitor, customer)).toBe(false)
    const page = await visitor.open('/account/security')
    expect(page.html).toContain('Firefox on Linux')
    const done = await visitor.submit(page, '/forget')
    expect(pathOf(done)).toBe('/account/security?done=device-forgotten')
    expect(await asksAgain(visitor, customer)).toBe(true)
  })

  test('of somebody else is not there to be forgotten', async () => {
    const [one, other] = [await shop.enrol(), await shop.enrol()]
    const [mine, theirs] = [await remembered(one), await remembered(other)]
    const [page, foreign] = [await mine.open('/account/security'), await theirs.open('/account/security')]
    const [, id = ''] = /name="id" value="([^"]+)"/.exec(foreign.html) ?? []
    for (const forged of [id, 'x', '0'.repeat(36), "'"]) {
      expect((await mine.submit(page, '/forget', { id: forged })).status).toBe(404)
    }
    expect(await asksAgain(theirs, other)).toBe(false)
  })

  test.each([
    'a new password',
    'a new password by mail',
    'another e-mail address',
    'a sign-out of all others',
    'a sign-out everywhere by an operator',
    'new codes after the app was removed',
  ])('ends with %s', async (what) => {
    const customer = await shop.enrol()
    const [visitor, other] = [await remembered(customer), await remembered(customer)]
    const password = 'no list has this one, too'
    if (what === 'a new password') {
      const form = await openSignedIn(visitor, customer, '/account/security/password')
      expect(pathOf(await visitor.submit(form, '/password', { password, repeated: password }))).toContain(
        'done=password',
      )
    } else if (what === 'a new password by mail') {
      const anywhere = shop.visitor()
      await anywhere.submit(await anywhere.open('/recovery'), '/recovery', { login: customer.email })
      const { link } = await shop.sink.mailTo(customer.email, 1, RECOVERY_LINK)
      await anywhere.submit(await anywhere.open(link), '/recovery/new', { password, repeated: password })
    } else if (what === 'another e-mail address') {
      await shop.changeEmail(customer, `moved-${customer.email}`)
    } else if (what === 'a sign-out everywhere by an operator') {
      const subject = { of: 'customer', id: customer.id }
      expect((await ask(shop.server, OWNER, 'POST', '/v1/sign-outs', subject)).status).toBe(200)
    } else if (what === 'a sign-out of all others') {
      await visitor.submit(await visitor.open('/account/sessions'), '/end-others')
    } else {
      await visitor.submit(await openSignedIn(visitor, customer, REMOVE), REMOVE, { code: customer.recoveryCode() })
      await setUp(visitor)
    }
    const email = what === 'another e-mail address' ? `moved-${customer.email}` : customer.email
    const now = { ...customer, email, ...(what.startsWith('a new password') && { password }) }
    for (const each of [visitor, other]) expect(await asksAgain(each, now)).toBe(true)
  })
})
