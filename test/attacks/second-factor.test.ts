import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, read, refresh, requestTokens } from '../endpoints/client.ts'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import {
  codeAt,
  type EnrolledCustomer,
  type FactorShop,
  SECOND_FACTOR,
  SIGNED_IN,
  STRICT,
  secretOn,
  startFactorShop,
  stepNow,
} from '../interaction/factor-shop.ts'
import { isSignedIn, type Page, type TestCustomer, type Visitor } from '../interaction/hosted-shop.ts'
import { readForm } from '../support/http.ts'

/** As many as guess at once. */
const MANY = 12
/** Wrong codes of one factor, from one network. */
const MOST = 5

let shop: FactorShop
beforeAll(async () => {
  shop = await startFactorShop()
})
afterAll(() => shop?.stop())

const wrongCodes = Array.from({ length: MANY }, (_, index) => String(index).padStart(6, '0'))
const submitCode = (visitor: Visitor, page: Page, code: string, fields = {}) =>
  visitor.submit(page, '/second-factor', { code, remember_device: '', ...fields })
const byGrant = (customer: TestCustomer, one_time_password: string) =>
  requestTokens(shop.server.url, { username: customer.email, password: customer.password, one_time_password })
const onPaper = (visitor: Visitor, page: Page) => visitor.open(`${page.url}?way=recovery`)

describe('codes that are guessed over many connections at once', () => {
  test('are looked at as often as one after another, and then the right one is not looked at either', async () => {
    const customer = await shop.enrol()
    const visitors = await Promise.all(
      wrongCodes.map(async () => {
        const visitor = shop.visitor()
        return { visitor, page: await visitor.signIn(customer) }
      }),
    )
    const answers = await Promise.all(
      visitors.map(({ visitor, page }, index) => submitCode(visitor, page, wrongCodes[index] ?? '')),
    )
    expect(answers.filter(({ status }) => status === 422).length).toBeLessThanOrEqual(MOST)
    expect(answers.filter(({ status }) => status !== 422 && status !== 429)).toEqual([])
    const [first] = visitors
    const right = first && (await submitCode(first.visitor, first.page, await customer.code()))
    expect(right?.status).toBe(429)
    expect(right?.headers.get('retry-after')).toMatch(/^\d+$/)
  })

  test('count together at the pages and the token endpoint', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const page = await visitor.signIn(customer)
    for (const code of wrongCodes.slice(0, MOST - 1)) await submitCode(visitor, page, code)
    await byGrant(customer, '000009')
    expect((await submitCode(visitor, page, await customer.code())).status).toBe(429)
    expect((await byGrant(customer, await customer.code())).status).toBe(400)
  })

  test('lock that factor: neither the password, nor paper, nor anybody else', async () => {
    const [customer, other] = [await shop.enrol(), await shop.enrol()]
    const visitor = shop.visitor()
    const page = await visitor.signIn(customer)
    for (const code of wrongCodes.slice(0, MOST)) await submitCode(visitor, page, code)
    const again = await visitor.signIn(customer)
    expect(again.url).toMatch(/\/second-factor$/)
    expect(isSignedIn(await submitCode(visitor, await onPaper(visitor, again), customer.recoveryCode()))).toBe(true)
    const stranger = shop.visitor()
    expect(isSignedIn(await submitCode(stranger, await stranger.signIn(other), await other.code()))).toBe(true)
  })

  test('from networks of their own are stopped together', async () => {
    const customer = await shop.enrol()
    const answers: number[] = []
    for (const [index, code] of wrongCodes.slice(0, 12).entries()) {
      const visitor = shop.visitor({ 'x-forwarded-for': `198.51.100.${index + 1}` })
      answers.push((await submitCode(visitor, await visitor.signIn(customer), code)).status)
    }
    expect(answers.filter((status) => status === 422).length).toBeLessThanOrEqual(10)
    expect(answers.at(-1)).toBe(429)
  })
})

describe('a code that is sent many times at once', () => {
  test.each(['of the app', 'of paper'])('%s signs in once, at whatever endpoint', async (kind) => {
    const customer = await shop.enrol()
    const code = kind === 'of paper' ? customer.recoveryCode() : await customer.code()
    const visitors = await Promise.all(
      [1, 2, 3].map(async () => {
        const visitor = shop.visitor()
        const page = await visitor.signIn(customer)
        return { visitor, page: kind === 'of paper' ? await onPaper(visitor, page) : page }
      }),
    )
    const pages = visitors.map(async ({ visitor, page }) => isSignedIn(await submitCode(visitor, page, code)))
    const grants = [1, 2].map(async () => (await byGrant(customer, code)).status === 200)
    expect((await Promise.all([...pages, ...grants])).filter(Boolean)).toHaveLength(1)
  })

  test('from one page ends in one sign-in', async () => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const page = await onPaper(visitor, await visitor.signIn(customer))
    const form = readForm(page.html.replace(/<form[^>]*abort.*/s, ''), page.url)
    const codes = [customer.recoveryCode(), customer.recoveryCode(), customer.recoveryCode()]
    const answers = await Promise.all(
      codes.map((code) => {
        const body = new URLSearchParams({ ...form.fields, code, remember_device: '' })
        return visitor.jar.fetch(form.action, { method: 'POST', body })
      }),
    )
    const ends = answers
      .map((answer) => answer.headers.get('location') ?? '')
      .filter((to) => to.includes('/authorize/'))
    expect(ends).toHaveLength(1)
  })
})

test.each(['of the app', 'of paper'])('the code %s of one customer is no code of another', async (kind) => {
  const [customer, thief] = [await shop.enrol(), await shop.enrol()]
  const own = kind === 'of paper' ? thief.recoveryCode() : await thief.code()
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  const at = kind === 'of paper' ? await onPaper(visitor, page) : page
  expect((await submitCode(visitor, at, own)).status).toBe(422)
  expect((await byGrant(customer, own)).status).toBe(400)
  expect((await byGrant(thief, own)).status, 'it was a good one').toBe(200)
})

/** Where a sign-in by password can wait, and how it goes on. */
const STAGES: readonly (readonly [string, (thief: Visitor, customer: TestCustomer) => Promise<() => Promise<Page>>])[] =
  [
    [
      'on its way back to the app',
      async (thief, customer) => {
        const login = await thief.openLogin()
        const form = readForm(login.html, login.url)
        const body = new URLSearchParams({ ...form.fields, login: customer.email, password: customer.password })
        const answer = await thief.jar.fetch(form.action, { method: 'POST', body })
        const resume = new URL(answer.headers.get('location') ?? '', login.url)
        return () => thief.open(resume.href)
      },
    ],
    [
      'at the consent page',
      async (thief, customer) => {
        const login = await thief.openLogin({ client_id: 'third-party-app' })
        const consent = await thief.submit(login, '/login', { login: customer.email, password: customer.password })
        expect(consent.html).toContain('value="allow"')
        return () => thief.submit(consent, '/consent', { decision: 'allow' })
      },
    ],
    [
      'at the page that sets a second factor up',
      async (thief, customer) => {
        const login = await thief.openLogin({ client_id: STRICT })
        const setUp = await thief.submit(login, '/login', { login: customer.email, password: customer.password })
        const code = await codeAt(secretOn(setUp), stepNow())
        return async () => {
          const answer = await thief.submit(setUp, '/second-factor-set-up', { code })
          expect(answer.html).not.toContain('<li><code>')
          return answer
        }
      },
    ],
  ]

test.each(STAGES)(
  'a sign-in by password that waits %s goes no further once there is a second factor',
  async (_, stage) => {
    const customer = await shop.addCustomer()
    const thief = shop.visitor()
    const goOn = await stage(thief, customer)
    await shop.enrol(customer)
    expect(isSignedIn(await goOn())).toBe(false)
    expect(isSignedIn(await thief.openLogin())).toBe(false)
  },
)

test('a session by password goes no further at an app it was never at, nor at those it was', async () => {
  const customer = await shop.addCustomer()
  const thief = shop.visitor()
  await thief.signIn(customer)
  await shop.enrol(customer)
  for (const client_id of ['frontend', 'third-party-app', STRICT]) {
    expect((await thief.openLogin({ client_id })).html).not.toContain('value="allow"')
    expect(isSignedIn(await thief.openLogin({ client_id, prompt: 'none' }))).toBe(false)
  }
})

describe('the cookie of a remembered browser', () => {
  const PREFIX = 'vestibule.remembered.'

  async function remembered(customer: EnrolledCustomer): Promise<{ visitor: Visitor; name: string; value: string }> {
    const visitor = shop.visitor()
    const page = await onPaper(visitor, await visitor.signIn(customer))
    await submitCode(visitor, page, customer.recoveryCode(), { remember_device: 'yes' })
    const set = visitor.jar.received.findLast((header) => header.startsWith(PREFIX)) ?? ''
    expect(set).toMatch(/; httponly/i)
    expect(set).toMatch(/; samesite=lax/i)
    const [, name = '', value = ''] = /^([^=]+)=([^;]+)/.exec(set) ?? []
    return { visitor, name, value }
  }
  function withCookie(name: string, value: string): Visitor {
    const visitor = shop.visitor()
    visitor.jar.plant(shop.server.url, `${name}=${value}; path=/; domain=${new URL(shop.server.url).hostname}`)
    return visitor
  }
  const asks = async (visitor: Visitor, customer: TestCustomer) =>
    (await visitor.signIn(customer)).url.endsWith('/second-factor')

  test('of one customer says nothing for another, under whatever name', async () => {
    const [customer, thief] = [await shop.enrol(), await shop.enrol()]
    const [theirs, own] = [await remembered(customer), await remembered(thief)]
    for (const name of [own.name, theirs.name]) expect(await asks(withCookie(name, own.value), customer)).toBe(true)
  })

  test('that was copied works no longer than until its owner comes back', async () => {
    const customer = await shop.enrol()
    const { visitor, name, value } = await remembered(customer)
    expect(await asks(visitor, customer)).toBe(false)
    expect(await asks(withCookie(name, value), customer)).toBe(true)
  })

  test('that is none is no error', async () => {
    const customer = await shop.enrol()
    const { name, value } = await remembered(customer)
    const [id = ''] = value.split('.')
    for (const forged of [
      '',
      '.',
      'x.y',
      `${id}.`,
      `${id}.${'A'.repeat(43)}`,
      `%00.${'A'.repeat(43)}`,
      'x'.repeat(3000),
    ]) {
      expect(await asks(withCookie(name, forged), customer)).toBe(true)
    }
  })
})

describe('how strongly somebody signed in', () => {
  test('does not grow with a refresh', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const login = { login: customer.email, password: customer.password }
    const tokens = await shop.tokensBy(visitor, {}, (page) => visitor.submit(page, '/login', login))
    await shop.enrol(customer)
    const { body } = await read(refresh(shop.server.url, tokens.refresh_token, { acr_values: SECOND_FACTOR }))
    expect(decode(body.access_token).payload).toMatchObject({ acr: SIGNED_IN, amr: ['pwd'] })
  })

  test.each<Record<string, string>>([
    { acr: SECOND_FACTOR },
    { amr: 'mfa' },
    { acr_values: `${SECOND_FACTOR} ${SIGNED_IN}` },
    { acr_values: SIGNED_IN },
    { acr_values: 'urn:vestibule:acr:recognised' },
    { claims: JSON.stringify({ id_token: { acr: { essential: false, value: SIGNED_IN } } }) },
    { claims: JSON.stringify({ id_token: { acr: { essential: true, value: SIGNED_IN } } }) },
  ])('is not talked down or up by a request: %j', async (fields) => {
    const customer = await shop.enrol()
    const visitor = shop.visitor()
    const login = { login: customer.email, password: customer.password }
    const page = await visitor.submit(await visitor.openLogin(fields), '/login', login)
    expect(page.url, 'the code is asked for all the same').toMatch(/\/second-factor$/)
    expect(isSignedIn(await visitor.openLogin(fields))).toBe(false)
  })
})

test('the account’s own pages show nothing to a password alone', async () => {
  const customer = await shop.enrol()
  const visitor = shop.visitor()
  const page = await openSignedIn(visitor, customer, '/account/security')
  expect(page.url).toMatch(/\/second-factor$/)
  expect((await visitor.open('/account/security')).html).not.toContain('recovery codes left')
})
