import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page } from '../interaction/hosted-shop.ts'
import { customerWithPasskey } from '../interaction/passkey-visitor.ts'
import { readForm } from '../support/http.ts'
import { type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'

let shop: ShopWithUpstreams
let addressFirst: ShopWithUpstreams
beforeAll(async () => {
  const settings = { SIGN_IN_CODE: 'offered', LOCKOUT_ATTEMPTS: '2' }
  shop = await startShopWithUpstreams(settings)
  addressFirst = await startShopWithUpstreams({ ...settings, SIGN_IN_PAGE: 'identifier-first' })
  for (const each of [shop, addressFirst])
    await each.addProvider('works', 'oidc', { email_domains: ['works.example'], has_button: false })
})
afterAll(async () => {
  await shop?.stop()
  await addressFirst?.stop()
})

const PASSKEY = 'a customer with a passkey'

/** Who may stand behind an address; the last two have no account. */
const IDENTIFIERS: Readonly<Record<string, (at: ShopWithUpstreams) => Promise<string>>> = {
  'a customer': async (at) => (await at.addCustomer()).email,
  [PASSKEY]: async (at) => (await customerWithPasskey(at)).customer.email,
  'an unconfirmed customer': async (at) => (await at.addCustomer({ emailVerified: false })).email,
  'a blocked customer': async (at) => (await at.addCustomer({ status: 'blocked' })).email,
  nobody: async () => 'nobody@example.com',
  'no address': async () => 'no-address',
}

/** A page without what differs by sign-in and by what was typed. */
const plain = ({ html, status }: Page, login: string) => [
  status,
  html
    .replaceAll(login, 'LOGIN')
    .replace(/interaction\/[\w-]+|from=[\w-]+/g, 'UID')
    .replace(/data-options="[^"]*"/g, '')
    .replace(/name="csrf" value="[^"]+"/g, ''),
]

let networks = 0

/** Everything that can be asked about an address without knowing its password, until it is locked. */
async function ask(at: ShopWithUpstreams, login: string, isAddressFirst: boolean) {
  const visitor = at.visitor({ 'x-forwarded-for': `198.51.100.${++networks}` })
  const opened = await visitor.openLogin()
  let page = isAddressFirst ? await visitor.submit(opened, '/identifier', { login }) : opened
  const shown = [plain(page, login)]
  for (let guess = 0; guess < 3; guess++) {
    page = await visitor.submit(page, '/login', { login, password: 'a wrong guess' })
    shown.push(plain(page, login))
  }
  const html = page.html.replace(/action="([^"]+)\/login" id="sign-in"/, 'action="$1/code-request"')
  const asked = await visitor.submit({ ...page, html }, '/code-request', { login })
  return [...shown, plain(asked, login)]
}

test.each([
  ['address and password on one page', () => shop, false],
  ['the address first', () => addressFirst, true],
] as const)(
  'with %s, every address is answered alike: page, wrong password, lock and code',
  async (_page, at, first) => {
    const answers: Record<string, Awaited<ReturnType<typeof ask>>> = {}
    // The helper for passkeys signs in on one page; the page after the address is the same code.
    const kinds = Object.entries(IDENTIFIERS).filter(([kind]) => !first || kind !== PASSKEY)
    for (const [kind, identifier] of kinds) answers[kind] = await ask(at(), await identifier(at()), first)
    const { nobody } = answers
    expect(nobody?.map(([status]) => status)).toEqual([200, 422, 422, 429, 200])
    for (const [kind, answer] of Object.entries(answers)) expect(answer, kind).toEqual(nobody)
  },
)

test.each([
  ['with the password', () => shop, 'login'],
  ['alone', () => addressFirst, 'identifier'],
] as const)(
  'an address of a company, sent %s, leads to its provider whether there is an account',
  async (_how, at, step) => {
    const { email: known } = await at().addCustomer({ email: `known-${step}@works.example` })
    const places = []
    for (const login of [known, `unknown-${step}@works.example`, `UNKNOWN-${step}@Works.Example`]) {
      const { jar, openLogin } = at().visitor()
      const { html, url } = await openLogin()
      const { action, fields } = readForm(html.slice(html.indexOf('<form method="post" action="/interaction')), url)
      const body = new URLSearchParams({ ...fields, login })
      const answer = await jar.fetch(action.replace(/\w+$/, step), { method: 'POST', body })
      const { origin, pathname, searchParams } = new URL(answer.headers.get('location') ?? '')
      places.push([
        answer.status,
        origin + pathname,
        searchParams.get('login_hint')?.toLowerCase() === login.toLowerCase(),
      ])
    }
    for (const place of places) expect(place).toEqual([303, places[0]?.[1], true])
  },
)
