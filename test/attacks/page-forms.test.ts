import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  formEnding,
  type HostedShop,
  isSignedIn,
  type Page,
  startHostedShop,
  type Visitor,
} from '../interaction/hosted-shop.ts'
import { RECOVERY_LINK } from '../interaction/mail-sink.ts'
import { postForm } from '../support/http.ts'

/** Every form outside the account pages, sent as other sites and other browsers would send it. */
let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ SIGN_IN_CODE: 'offered', LOCKOUT_ATTEMPTS: '2' })
})
afterAll(() => shop?.stop())

type OpenForm = {
  readonly visitor: Visitor
  readonly page: Page
  readonly ending: string
  readonly fields: Readonly<Record<string, string>>
  /** What the page is that the genuine form leads to. */
  readonly leadsTo: (page: Page) => boolean
}

let count = 0
const newAddress = () => `form${++count}@example.org`
const PASSWORDS = { password: 'a password for this form', repeated: 'a password for this form' }
const isAt = (path: string) => (page: Page) => new URL(page.url).pathname === path
const isCalledOff = ({ url }: Page) => url.includes('error=access_denied')
const begin = async (fields: Record<string, string> = {}) => {
  const [visitor, customer] = [shop.visitor(), await shop.addCustomer()]
  return {
    visitor,
    customer,
    page: await visitor.openLogin(fields),
    login: { login: customer.email, password: customer.password },
  }
}

/** Forms that carry our token. */
const FORMS: Readonly<Record<string, () => Promise<OpenForm>>> = {
  'of the sign-in': async () => {
    const { visitor, page, login } = await begin()
    return { visitor, page, ending: '/login', fields: login, leadsTo: isSignedIn }
  },
  'that calls a sign-in off': async () => {
    const { visitor, page } = await begin()
    return { visitor, page, ending: '/abort', fields: {}, leadsTo: isCalledOff }
  },
  'for consent': async () => {
    const { visitor, page, login } = await begin({ client_id: 'third-party-app', scope: 'openid' })
    const consent = await visitor.submit(page, '/login', login)
    return { visitor, page: consent, ending: '/consent', fields: { decision: 'allow' }, leadsTo: isSignedIn }
  },
  'that keeps the account': async () => {
    const { visitor, page, login } = await begin()
    await visitor.submit(page, '/login', login)
    const choice = await visitor.openLogin({ prompt: 'select_account' })
    return { visitor, page: choice, ending: '/account', fields: {}, leadsTo: isSignedIn }
  },
  'for a new password': async () => {
    const [visitor, { email }] = [shop.visitor(), await shop.addCustomer()]
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
    const { link } = await shop.sink.mailTo(email, 1, RECOVERY_LINK)
    const leadsTo = isAt('/done/password-changed')
    return { visitor, page: await visitor.open(link), ending: '/recovery/new', fields: PASSWORDS, leadsTo }
  },
  'that asks for a new password': async () => {
    const [visitor, { email }] = [shop.visitor(), await shop.addCustomer()]
    const page = await visitor.open('/recovery')
    return { visitor, page, ending: '/recovery', fields: { login: email }, leadsTo: isAt('/sent/recovery') }
  },
  'of the registration': async () => {
    const visitor = shop.visitor()
    const fields = { login: newAddress(), givenName: 'Nora', familyName: 'Lind', password: PASSWORDS.password }
    const page = await visitor.open('/registration')
    return { visitor, page, ending: '/registration', fields, leadsTo: isAt('/sent/registration') }
  },
  'that confirms a registration': async () => {
    const { visitor, page, fields } = await (FORMS['of the registration'] as () => Promise<OpenForm>)() // the one above
    await visitor.submit(page, '/registration', fields)
    const { link } = await shop.sink.mailTo(fields.login ?? '')
    return {
      visitor,
      page: await visitor.open(link),
      ending: '/confirmation',
      fields: {},
      leadsTo: isAt('/done/confirmed'),
    }
  },
  'that asks for a lock to be lifted': async () => {
    const { visitor, customer } = await begin()
    for (const password of ['wrong 1', 'wrong 2']) await visitor.signIn({ ...customer, password })
    const page = await visitor.signIn(customer)
    return { visitor, page, ending: '/unblock', fields: {}, leadsTo: isAt('/sent/unblock') }
  },
  'that lifts a lock': async () => {
    const { visitor, page } = await (FORMS['that asks for a lock to be lifted'] as () => Promise<OpenForm>)() // the one above
    await visitor.submit(page, '/unblock')
    const email = formEnding(page, '/unblock').fields.login ?? ''
    const { link } = await shop.sink.mailTo(email)
    const leadsTo = ({ html }: Page) => html.includes('You can sign in again')
    return { visitor, page: await visitor.open(link), ending: '/unblock', fields: {}, leadsTo }
  },
}

/** What is said of a form that was not filled in on our page, in whatever way. */
const FORGED: Readonly<Record<string, (fields: Record<string, string>, foreign: string) => RequestInit>> = {
  'without a token': ({ csrf: _csrf, ...fields }) => ({ body: new URLSearchParams(fields) }),
  'with an empty token': (fields) => ({ body: new URLSearchParams({ ...fields, csrf: '' }) }),
  'with the token of another browser': (fields, csrf) => ({ body: new URLSearchParams({ ...fields, csrf }) }),
  'with a token twice': (fields, csrf) => ({ body: `${new URLSearchParams(fields)}&csrf=${csrf}`, headers: FORM_TYPE }),
  'from another site': (fields) => ({
    body: new URLSearchParams(fields),
    headers: { origin: 'https://attacker.example' },
  }),
  'from a sibling of ours': (fields) => ({
    body: new URLSearchParams(fields),
    headers: { 'sec-fetch-site': 'same-site' },
  }),
  'as text': (fields) => ({ body: `${new URLSearchParams(fields)}`, headers: { 'content-type': 'text/plain' } }),
  'as JSON': (fields) => ({ body: JSON.stringify(fields), headers: { 'content-type': 'application/json' } }),
}
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }

test.each(Object.keys(FORMS))(
  'a form %s that did not come from its page changes nothing, and the genuine one then works',
  async (name) => {
    const [{ visitor, page, ending, fields, leadsTo }, other] = (await Promise.all([
      FORMS[name]?.(),
      FORMS[name]?.(),
    ])) as [OpenForm, OpenForm] // of its keys
    const form = formEnding(page, ending)
    const foreign = formEnding(other.page, other.ending).fields.csrf ?? ''
    expect(foreign).toMatch(/^[\w-]{43}$/)
    for (const [how, forge] of Object.entries(FORGED)) {
      const answer = await visitor.jar.fetch(form.action, {
        method: 'POST',
        ...forge({ ...form.fields, ...fields }, foreign),
      })
      expect([how, answer.status, [400, 403, 415].includes(answer.status)]).toEqual([how, answer.status, true])
      expectPageHeaders(answer.headers)
    }
    const inAddress = await visitor.jar.fetch(
      `${form.action.split('?')[0]}?${new URLSearchParams({ ...form.fields, ...fields })}`,
    )
    expect([405, 303, 200, 410].includes(inAddress.status)).toBe(true)
    const led = await visitor.submit(page, ending, fields)
    expect(leadsTo(led), `${led.status} ${led.url}`).toBe(true)
  },
)

/** Forms of the protocol, whose token the session keeps. */
const WITHOUT_XSRF: readonly Record<string, string>[] = [{}, { xsrf: '' }, { xsrf: 'a'.repeat(48) }]
test.each(WITHOUT_XSRF)('signing out and connecting a device need the form of their page (%j)', async (forged) => {
  const { visitor, page, login } = await begin()
  await visitor.submit(page, '/login', login)
  const asked = await postForm(`${shop.server.url}/device_authorization`, {
    client_id: 'device-app',
    scope: 'openid',
  })
  const { user_code } = (await asked.json()) as { user_code: string }
  for (const [path, ending, fields] of [
    ['/logout', '/logout/confirm', { logout: 'yes' }],
    ['/device', '/device', { user_code }],
  ] as const) {
    await visitor.open(path)
    const answer = await visitor.jar.fetch(shop.server.url + ending, {
      method: 'POST',
      headers: { accept: 'text/html' },
      body: new URLSearchParams({ ...fields, ...forged }),
    })
    expect([path, answer.status >= 400 || answer.headers.get('location') === '/device']).toEqual([path, true])
    if (answer.status >= 400) expectPageHeaders(answer.headers)
  }
  expect((await visitor.open('/account')).html).toContain(login.login)
})

const PATHS = [
  '/',
  '/account',
  '/account/security',
  '/account/security/password',
  '/account/data/delete',
  '/account/nothing',
  '/account/signed-in?error=access_denied',
  '/recovery',
  '/recovery/new?token=x',
  '/registration',
  '/confirmation?token=x',
  '/email-undo?token=x',
  '/unblock?token=x',
  '/sent/recovery',
  '/done/confirmed',
  '/interaction/x',
  '/device',
  '/logout',
  '/authorize?client_id=nobody',
  '/upstreams/nobody/callback?state=x',
  '/nothing',
]

test.each(PATHS)('%s is framed, sniffed and kept by nobody, signed in or not', async (path) => {
  const { visitor, page, login } = await begin()
  const accept = { accept: 'text/html' }
  for (const isIn of [false, true]) {
    if (isIn) await visitor.submit(page, '/login', login)
    const shown = await visitor.jar.follow(await visitor.jar.fetch(shop.server.url + path, { headers: accept }), {
      headers: accept,
    })
    expect(shown.response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expectPageHeaders(shown.response.headers)
  }
})

function expectPageHeaders(headers: Headers): void {
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; .*base-uri 'none'; frame-ancestors 'none'$/,
  )
  expect(headers.get('x-frame-options')).toBe('DENY')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('referrer-policy')).toMatch(/^(same-origin|no-referrer)$/)
}
