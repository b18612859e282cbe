import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { read } from '../endpoints/client.ts'
import { later } from '../support/clock.ts'
import { postForm } from '../support/http.ts'
import {
  authenticationIn,
  codeAt,
  type EnrolledCustomer,
  type FactorShop,
  recoveryCodesOn,
  SECOND_FACTOR,
  SIGNED_IN,
  STRICT,
  secretOn,
  startFactorShop,
  stepNow,
} from './factor-shop.ts'
import { isSignedIn, type Page, type Visitor } from './hosted-shop.ts'
import { RECOVERY_LINK } from './mail-sink.ts'

const BUYER = 'Buyer with a limit'
const MFA = { acr: SECOND_FACTOR, amr: ['pwd', 'otp', 'mfa'] }

let shop: FactorShop
beforeAll(async () => {
  shop = await startFactorShop({ SECOND_FACTOR_ROLES: BUYER })
})
afterAll(() => shop?.stop())

const withPassword = (visitor: Visitor, { email, password }: { email: string; password: string }) => {
  return (page: Page) => visitor.submit(page, '/login', { login: email, password })
}
/** The box that lets the browser be remembered is empty unless `fields` tick it. */
const withCode = (visitor: Visitor, page: Page, code: string, fields = {}) =>
  visitor.submit(page, '/second-factor', { code, remember_device: '', ...fields })
/** The page for recovery codes, from the page for a code of the app. */
async function withRecoveryCode(visitor: Visitor, page: Page, code: string, fields = {}) {
  return withCode(visitor, await visitor.open(`${page.url}?way=recovery`), code, fields)
}

describe('a customer who must have a second factor and has none', () => {
  test('sets up an app while signing in, gets recovery codes and a letter, and needs a code from then on', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const tokens = await shop.tokensBy(visitor, { client_id: STRICT }, async (login) => {
      const setUp = await withPassword(visitor, customer)(login)
      expect(setUp.url).toMatch(/\/second-factor-set-up$/)
      expect(setUp.html).toContain('<svg')
      const wrong = await visitor.submit(setUp, '/second-factor-set-up', { code: '000000' })
      expect(wrong.status).toBe(422)
      expect(secretOn(wrong)).toBe(secretOn(setUp))
      const code = await codeAt(secretOn(setUp), stepNow())
      const codes = await visitor.submit(wrong, '/second-factor-set-up', { code })
      expect(recoveryCodesOn(codes)).toHaveLength(10)
      return visitor.submit(codes, '/second-factor-done')
    })
    expect(authenticationIn(tokens)).toMatchObject(MFA)
    expect((await shop.sink.mailTo(customer.email)).subject).toContain('now needs a code')
    expect((await shop.visitor().signIn(customer)).url).toMatch(/\/second-factor$/)
  })

  test('has none while the code that confirms it is missing', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const setUp = await withPassword(visitor, customer)(await visitor.openLogin({ client_id: STRICT }))
    const attempts: Record<string, string>[] = [
      {},
      { code: '' },
      { code: '000000' },
      { code: 'x'.repeat(5000) },
      { enrolment: 'e30' },
    ]
    for (const fields of attempts) {
      expect((await visitor.submit(setUp, '/second-factor-set-up', fields)).status).toBe(422)
    }
    expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
  })

  test('is not let in by leaving the page, nor by the address of another step', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const setUp = await withPassword(visitor, customer)(await visitor.openLogin({ client_id: STRICT }))
    for (const [ending, fields] of [
      ['/second-factor-done', {}],
      ['/second-factor', { way: 'mail', code: '123456' }],
      ['/second-factor-mail', {}],
      ['/new-password', { password: 'no list has this one', repeated: 'no list has this one' }],
      ['/later', {}],
    ] as const) {
      const forged = { ...setUp, html: setUp.html.replaceAll('/second-factor-set-up"', `${ending}"`) }
      expect(isSignedIn(await visitor.submit(forged, ending, fields)), ending).toBe(false)
    }
    expect(isSignedIn(await visitor.openLogin({ client_id: STRICT }))).toBe(false)
  })

  test.each(['a role', 'a client'])('must have it because of %s', async (why) => {
    const customer = await shop.addCustomer()
    if (why === 'a role') await giveRole(customer)
    const visitor = shop.visitor()
    const page = await visitor.openLogin(why === 'a client' ? { client_id: STRICT } : {})
    expect((await withPassword(visitor, customer)(page)).url).toMatch(/\/second-factor-set-up$/)
  })
})

describe('a customer with a second factor', () => {
  test.each(['frontend', STRICT])('is asked for its code after the password, at %s', async (client_id) => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const tokens = await shop.tokensBy(visitor, { client_id }, async (login) => {
      const page = await withPassword(visitor, customer)(login)
      const wrong = await withCode(visitor, page, '000000')
      expect(wrong.status).toBe(422)
      expect(wrong.html).toContain('aria-invalid="true"')
      return withCode(visitor, wrong, await customer.code())
    })
    expect(authenticationIn(tokens)).toMatchObject(MFA)
    expect(isSignedIn(await visitor.openLogin({ client_id, acr_values: SECOND_FACTOR }))).toBe(true)
  })

  test('uses up each code', async () => {
    const customer = await shop.enrol()
    const code = await customer.code()
    const [first, second] = [shop.visitor(), shop.visitor()]
    expect(isSignedIn(await withCode(first, await first.signIn(customer), code))).toBe(true)
    expect((await withCode(second, await second.signIn(customer), code)).status).toBe(422)
  })

  test.each([
    { offset: -2, isTaken: false },
    { offset: -1, isTaken: true },
    { offset: 0, isTaken: true },
    { offset: 1, isTaken: true },
    { offset: 2, isTaken: false },
  ])('whose telephone is $offset half minutes off is let in: $isTaken', async ({ offset, isTaken }) => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const page = await visitor.signIn(customer)
    // In the middle of a step, so that it does not end meanwhile.
    const seconds = 120 + 15 - (Math.floor(Date.now() / 1000) % 30)
    const answer = await later(
      async () => withCode(visitor, page, await codeAt(customer.secret, stepNow() + offset)),
      seconds,
    )
    expect(isSignedIn(answer)).toBe(isTaken)
  })

  test('signs in with a recovery code, however it is typed, once, and is told', async () => {
    const customer = await shop.enrol()
    const code = customer.recoveryCode()
    const [first, second] = [shop.visitor(), shop.visitor()]
    const typed = ` ${code.toUpperCase().replaceAll('-', ' ')} `
    expect(isSignedIn(await withRecoveryCode(first, await first.signIn(customer), typed))).toBe(true)
    expect((await withRecoveryCode(second, await second.signIn(customer), code)).status).toBe(422)
    expect((await shop.sink.mailTo(customer.email, 1, /recovery code/i)).text).toContain('9 left')
  })

  test.each([{}, { acr_values: SECOND_FACTOR }])('connects a device with it: %j', async (wanted) => {
    const customer = await shop.enrol()
    const ask = { client_id: 'device-app', scope: 'openid customer', ...wanted }
    const { body: device } = await read(postForm(`${shop.server.url}/device_authorization`, ask))
    const visitor = shop.visitor()
    const confirm = await visitor.submit(await visitor.open(`/device?user_code=${device.user_code}`), '/device')
    const login = await visitor.submit(confirm, '/device', { confirm: 'yes' })
    const page = await withPassword(visitor, customer)(login)
    const consent = await withRecoveryCode(visitor, page, customer.recoveryCode())
    await visitor.submit(consent, '/consent', { decision: 'allow' })
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code'
    const form = { grant_type, client_id: 'device-app', device_code: device.device_code }
    expect(authenticationIn((await read(postForm(`${shop.server.url}/token`, form))).body)).toMatchObject(MFA)
  })

  test('shows it before a password that must be changed is changed', async () => {
    const customer = await shop.enrol(await shop.addCustomer({ password: 'password1' }))
    const visitor = shop.visitor()
    const page = await withRecoveryCode(visitor, await visitor.signIn(customer), customer.recoveryCode())
    expect(page.url).toMatch(/\/new-password$/)
    expect(isSignedIn(await visitor.submit(page, '/later'))).toBe(true)
  })

  test('needs it after a new password by mail too', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const request = await visitor.open('/recovery')
    await visitor.submit(request, '/recovery', { login: customer.email })
    const { link } = await shop.sink.mailTo(customer.email, 1, RECOVERY_LINK)
    const password = 'no list has this one either'
    await visitor.submit(await visitor.open(link), '/recovery/new', { password, repeated: password })
    const page = await shop.visitor().signIn({ ...customer, password })
    expect(page.url).toMatch(/\/second-factor$/)
  })
})

describe('a session', () => {
  test('of before the second factor goes on with its code alone, and keeps the time of its password', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const before = await shop.tokensBy(visitor, {}, withPassword(visitor, customer))
    const enrolled = await shop.enrol(customer)
    const after = await shop.tokensBy(visitor, {}, async (page) => {
      expect(page.url).toMatch(/\/second-factor$/)
      expect(page.html).not.toContain('name="password"')
      return withCode(visitor, page, await enrolled.code())
    })
    const { auth_time } = authenticationIn(before)
    expect(authenticationIn(after)).toEqual({ ...MFA, auth_time })
    expect(isSignedIn(await visitor.openLogin({ prompt: 'none' }))).toBe(true)
  })

  test('that lacks a second factor is no session where no page may be shown', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    await visitor.signIn(customer)
    const strict = await visitor.openLogin({ prompt: 'none', client_id: STRICT })
    expect(new URL(strict.url).searchParams.get('error')).toBe('login_required')
    expect(isSignedIn(await visitor.openLogin({ prompt: 'none' }))).toBe(true)
    await shop.enrol(customer)
    const silent = await visitor.openLogin({ prompt: 'none' })
    expect(new URL(silent.url).searchParams.get('error')).toBe('login_required')
  })

  test.each<Record<string, string>>([
    { acr_values: SECOND_FACTOR },
    { acr_values: `phr ${SECOND_FACTOR}`, scope: 'customer' },
    { claims: JSON.stringify({ id_token: { acr: { essential: true, value: SECOND_FACTOR } } }) },
  ])('in a remembered browser shows the code where a client asks for it by name: %j', async (fields) => {
    const customer = await shop.enrol()
    const visitor = await rememberedBrowser(customer)
    const signedIn = await visitor.signIn(customer)
    expect(isSignedIn(signedIn)).toBe(true)
    const page = await visitor.openLogin(fields)
    expect(page.url).toMatch(/\/second-factor$/)
    expect(isSignedIn(await withRecoveryCode(visitor, page, customer.recoveryCode()))).toBe(true)
    expect(isSignedIn(await visitor.openLogin(fields))).toBe(true)
  })
})

/** Signs in with the box ticked that lets the browser be remembered; then the window is closed. */
async function rememberedBrowser(customer: EnrolledCustomer): Promise<Visitor> {
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  const ticked = { remember_device: 'yes' }
  expect(isSignedIn(await withRecoveryCode(visitor, page, customer.recoveryCode(), ticked))).toBe(true)
  return visitor
}

describe('a remembered browser', () => {
  test('asks for no code, and its tokens do not say that there was one', async () => {
    const customer = await shop.enrol()
    const visitor = await rememberedBrowser(customer)
    const tokens = await shop.tokensBy(visitor, { prompt: 'login' }, withPassword(visitor, customer))
    expect(authenticationIn(tokens)).toMatchObject({ acr: SIGNED_IN, amr: ['pwd'] })
    expect(isSignedIn(await visitor.openLogin({ prompt: 'none' }))).toBe(true)
    expect(isSignedIn(await visitor.signIn(customer)), 'and so on').toBe(true)
  })

  test('is remembered where the customer says so, and nowhere else', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    await withRecoveryCode(visitor, await visitor.signIn(customer), customer.recoveryCode())
    expect((await visitor.signIn(customer)).url).toMatch(/\/second-factor$/)
    await rememberedBrowser(customer)
    expect((await shop.visitor().signIn(customer)).url).toMatch(/\/second-factor$/)
  })
})

async function giveRole({ id, email }: { id: string; email: string }): Promise<void> {
  const company = { id: '11111111-1111-4111-8111-111111111111', name: 'Buyers' }
  const roles = [{ name: BUYER, permissions: [] }]
  const companyUser = { id: id.replace(/^0{8}/, 'aaaaaaaa'), company, isActive: true, isDefault: true, roles }
  const reference = `test-${Number(id.slice(-12))}`
  await shop.importRecord({ id, email, customerReference: reference, emailVerified: true, companyUsers: [companyUser] })
}
