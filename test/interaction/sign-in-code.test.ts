import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import {
  authenticationIn,
  codeAt,
  type FactorShop,
  recoveryCodesOn,
  SIGNED_IN,
  STRICT,
  secretOn,
  startFactorShop,
  stepNow,
} from './factor-shop.ts'
import { isSignedIn, type Page, type Visitor } from './hosted-shop.ts'

let shop: FactorShop
beforeAll(async () => {
  shop = await startFactorShop({ SIGN_IN_CODE: 'offered', SECOND_FACTOR_MAIL: 'allowed' })
})
afterAll(() => shop?.stop())

/** The button that asks for a code sends the form of the password elsewhere (`formaction`). */
function askForCode(visitor: Visitor, page: Page, login: string): Promise<Page> {
  const address = /form="sign-in" formaction="([^"]+)"/.exec(page.html)?.[1] ?? 'no button'
  const html = page.html.replace(/action="[^"]+\/login" id="sign-in"/, `action="${address}"`)
  return visitor.submit({ ...page, html }, '/code-request', { login })
}

async function codeFor(email: string): Promise<string> {
  const code = () =>
    shop.sink.mailsTo(email).flatMap(({ text }) => /Your code .*\bis (\w{6})\b/.exec(text)?.[1] ?? [])[0]
  await waitFor(async () => code() !== undefined, { what: `a code for ${email}` })
  return code() ?? ''
}

/** A page without what differs by sign-in and by what was typed. */
const plain = ({ html, status }: Page, login: string) => [
  status,
  html
    .replaceAll(login, 'LOGIN')
    .replace(/interaction\/[\w-]+/g, 'UID')
    .replace(/name="csrf" value="[^"]+"/g, ''),
]

test('a code by mail signs in, once, and the tokens say so', async () => {
  const { email } = await shop.addCustomer()
  const visitor = shop.visitor()
  let code = ''
  const tokens = await shop.tokensBy(visitor, {}, async (login) => {
    const page = await askForCode(visitor, login, email)
    code = await codeFor(email)
    return visitor.submit(page, '/code', { code: ` ${code.toUpperCase()} ` })
  })
  expect(authenticationIn(tokens)).toMatchObject({ acr: SIGNED_IN, amr: ['otp'] })
  const other = shop.visitor()
  const again = await other.submit(await askForCode(other, await other.openLogin(), email), '/code', { code })
  expect([again.status, isSignedIn(again)]).toEqual([422, false])
})

test('an app is asked for all the same, and a second mail is no second factor', async () => {
  const customer = await shop.addCustomer()
  const first = shop.visitor()
  await first.signIn(customer)
  const form = await first.open('/account/security/second-factor')
  const [secret, step] = [secretOn(form), stepNow()]
  recoveryCodesOn(await first.submit(form, '/security/second-factor', { code: await codeAt(secret, step) }))
  const visitor = shop.visitor()
  const asked = await askForCode(visitor, await visitor.openLogin(), customer.email)
  const page = await visitor.submit(asked, '/code', { code: await codeFor(customer.email) })
  expect(page.html).toContain('Code from the app')
  expect(page.html).not.toContain('/second-factor-mail"')
  expect(isSignedIn(await visitor.submit(page, '/second-factor', { code: await codeAt(secret, step + 1) }))).toBe(true)
})

test('where a mail could stand in for the second factor, a mailed code alone does not sign in', async () => {
  const { email } = await shop.addCustomer()
  const visitor = shop.visitor()
  const asked = await askForCode(visitor, await visitor.openLogin(), email)
  expect(isSignedIn(await visitor.submit(asked, '/code', { code: await codeFor(email) }))).toBe(true)
  const strict = await visitor.openLogin({ client_id: STRICT })
  expect(isSignedIn(strict)).toBe(false)
  expect(strict.html).not.toContain('/second-factor-mail"')
})

test('asking and guessing show the same whether there is such an account', async () => {
  const known = await shop.addCustomer()
  const blocked = await shop.addCustomer({ status: 'blocked' })
  const shown = []
  for (const login of [known.email, blocked.email, 'stranger@example.com', 'no-address']) {
    const visitor = shop.visitor()
    const asked = await askForCode(visitor, await visitor.openLogin(), login)
    const wrong = await visitor.submit(asked, '/code', { code: 'aaaaaa' })
    shown.push([plain(asked, login), plain(wrong, login)])
  }
  expect(shown[0]?.map(([status]) => status)).toEqual([200, 422])
  for (const pages of shown) expect(pages).toEqual(shown[0])
})

test('guesses end after a few, also of the right code', async () => {
  const { email } = await shop.addCustomer()
  const visitor = shop.visitor()
  let page = await askForCode(visitor, await visitor.openLogin(), email)
  const code = await codeFor(email)
  for (let guess = 0; guess < 5; guess++) page = await visitor.submit(page, '/code', { code: 'aaaaaa' })
  expect(isSignedIn(await visitor.submit(page, '/code', { code }))).toBe(false)
})

test.each([
  ['without a code', { code: '' }, 422],
  ['without a login', { login: '', code: 'aaaaaa' }, 422],
  ['with a long code', { code: 'a'.repeat(10_000) }, 422],
  ['without our token', { csrf: 'forged', code: 'aaaaaa' }, 403],
] as const)('a form %s is answered with a page and signs nobody in', async (_kind, fields, status) => {
  const { email } = await shop.addCustomer()
  const visitor = shop.visitor()
  const asked = await askForCode(visitor, await visitor.openLogin(), email)
  expect((await visitor.submit(asked, '/code', fields)).status).toBe(status)
})

test('the letter is that of the shop, begins with the code, and is in the language of its reader', async () => {
  const german = await shop.addCustomer({ locale: 'de_DE' })
  const other = await shop.addCustomer()
  const visitor = shop.visitor()
  const french = shop.visitor()
  await askForCode(visitor, await visitor.openLogin({ ui_locales: 'fr' }), german.email)
  await askForCode(french, await french.openLogin({ ui_locales: 'fr' }), other.email)
  const [own, asked] = [await shop.sink.mailTo(german.email), await shop.sink.mailTo(other.email)]
  expect(own.subject).toMatch(/^\w{6} ist Ihr Code für Acme Shop$/)
  expect(own.html).toContain('<html lang="de"')
  expect(asked.subject).toMatch(/^\w{6} est votre code pour Acme Shop$/)
  expect(asked.text).toContain('Acme Shop')
})
