import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostedShop, isSignedIn, type Page, startHostedShop, type TestCustomer } from './hosted-shop.ts'

const COOKIE = 'vestibule.account'
const NEW = 'an even better password'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ SIGN_IN_CODE: 'offered' })
})
afterAll(() => shop?.stop())

const masked = ({ email }: Pick<TestCustomer, 'email'>) => `${email[0]}…@example.com`
/** A browser that somebody put this cookie into. */
function visitorWith(cookie: string) {
  const visitor = shop.visitor()
  visitor.jar.plant(shop.server.url, `${COOKIE}=${cookie}; Path=/`)
  return visitor
}
const isKnown = (page: Page, customer: TestCustomer) => page.html.includes(`Sign in as ${masked(customer)}`)

/** A browser whose person ticked "stay signed in" and whose session is over since. */
async function remembered() {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const { email: login, password } = customer
  await visitor.submit(await visitor.openLogin(), '/login', { login, password, remember: 'yes' })
  return { customer, visitor }
}

describe('a browser that stays signed in', () => {
  test('asks for the password of its account alone, and its cookie is out of reach for scripts and other sites', async () => {
    const { customer, visitor } = await remembered()
    const page = await visitor.openLogin({ prompt: 'login' })
    expect(isKnown(page, customer)).toBe(true)
    expect(page.html).not.toContain(customer.email)
    expect(page.html).not.toMatch(/<input[^>]* id="login"/)
    const wrong = await visitor.submit(page, '/login', { password: 'wrong' })
    expect([wrong.status, isKnown(wrong, customer), wrong.html.includes(customer.email)]).toEqual([422, true, false])
    expect(isSignedIn(await visitor.submit(wrong, '/login', { password: customer.password }))).toBe(true)
    const set = visitor.jar.received.find((cookie) => cookie.startsWith(COOKIE))
    expect(set).toMatch(/; path=\/; .*samesite=lax; httponly$/i)
  })

  test('forgets it for another account', async () => {
    const { customer, visitor } = await remembered()
    const page = await visitor.submit(await visitor.openLogin({ prompt: 'login' }), '/another-account')
    expect([isKnown(page, customer), page.html.includes('id="login"')]).toEqual([false, true])
    expect(visitor.jar.get(shop.server.url, COOKIE)).toBeFalsy()
    expect(isKnown(await visitor.openLogin({ prompt: 'login' }), customer)).toBe(false)
  })

  test('has a code mailed without telling the address', async () => {
    const { customer, visitor } = await remembered()
    const page = await visitor.openLogin({ prompt: 'login' })
    const html = page.html.replace(/action="([^"]+)\/login" id="sign-in"/, 'action="$1/code-request"')
    const asked = await visitor.submit({ ...page, html }, '/code-request', { password: '' })
    expect([asked.html.includes(masked(customer)), asked.html.includes(customer.email)]).toEqual([true, false])
    const code = (await shop.sink.mailTo(customer.email, 1, /is your code/)).subject.slice(0, 6)
    expect(isSignedIn(await visitor.submit(asked, '/code', { code }))).toBe(true)
  })

  test('asks for the address where an app suggests another one', async () => {
    const { customer, visitor } = await remembered()
    const other = await visitor.openLogin({ prompt: 'login', login_hint: 'other@example.com' })
    expect([isKnown(other, customer), other.html.includes('value="other@example.com"')]).toEqual([false, true])
    expect(isKnown(await visitor.openLogin({ prompt: 'login', login_hint: customer.email }), customer)).toBe(true)
  })
})

test('a browser whose person did not ask for it remembers nothing', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  await visitor.submit(await visitor.openLogin(), '/login', {
    login: customer.email,
    password: customer.password,
    remember: '',
  })
  expect(visitor.jar.get(shop.server.url, COOKIE)).toBeUndefined()
  expect(isKnown(await visitor.openLogin({ prompt: 'login' }), customer)).toBe(false)
})

test.each([
  [
    'a sign-out everywhere',
    async (customer: TestCustomer) => {
      const elsewhere = shop.visitor()
      await elsewhere.signIn(customer)
      await elsewhere.submit(await elsewhere.open('/account/sessions'), '/sessions/end-others')
    },
  ],
  [
    'a new password',
    async (customer: TestCustomer) => {
      const elsewhere = shop.visitor()
      await elsewhere.signIn(customer)
      const form = await elsewhere.open('/account/security/password')
      await elsewhere.submit(form, '/password', { password: NEW, repeated: NEW })
    },
  ],
  ['another address', (customer: TestCustomer) => shop.changeEmail(customer, `new-${customer.email}`)],
])('%s makes browsers forget the account', async (_what, act) => {
  const { customer, visitor } = await remembered()
  await act(customer)
  const page = await visitor.openLogin({ prompt: 'login' })
  expect([page.status, page.html.includes('Sign in as'), page.html.includes('id="login"')]).toEqual([200, false, true])
})

describe('the cookie', () => {
  /** The login page of a browser with this cookie. */
  async function pageWith(cookie: string): Promise<Page> {
    return visitorWith(cookie).openLogin()
  }

  test('proves nothing to who stole it, not even the address', async () => {
    const { customer, visitor } = await remembered()
    const stolen = visitor.jar.get(shop.server.url, COOKIE) ?? ''
    expect(Buffer.from(stolen, 'base64url').toString('latin1')).not.toContain(customer.id)
    const thief = visitorWith(stolen)
    expect((await thief.openLogin({ prompt: 'none' })).url).toContain('error=login_required')
    expect((await thief.open('/account')).html).not.toContain(customer.email)
  })

  test.each([
    ['forged', 'eyJjdXN0b21lcklkIjoiMSJ9'],
    ['oversized', 'A'.repeat(3000)],
    ['unreadable', '%00%ff'],
  ])('that is %s is ignored', async (_kind, value) => {
    const page = await pageWith(value)
    expect([page.status, page.html.includes('Sign in as'), page.html.includes('id="login"')]).toEqual([
      200,
      false,
      true,
    ])
  })

  test('that was changed is ignored, and a form that counts on it asks again', async () => {
    const { customer, visitor } = await remembered()
    const value = visitor.jar.get(shop.server.url, COOKIE) ?? ''
    const changed = (value.startsWith('A') ? 'B' : 'A') + value.slice(1)
    expect((await pageWith(changed)).html).not.toContain('Sign in as')
    const stranger = shop.visitor()
    const login = await stranger.openLogin()
    const again = await stranger.submit(login, '/login', {
      remembered: 'yes',
      login: '',
      password: customer.password,
    })
    expect([again.status, again.html.includes('id="login"'), again.html.includes('Sign in as')]).toEqual([
      200,
      true,
      false,
    ])
  })
})
