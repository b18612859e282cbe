import { afterAll, beforeAll, expect, test } from 'vitest'
import { decode, requestTokens, tokensOf, userinfo } from '../endpoints/client.ts'
import { startTestServer } from '../support/server.ts'
import { type HostedShop, isSignedIn, type Page, startHostedShop, type Visitor } from './hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const password = 'a password for a new account'
let count = 0
const newAddress = () => `new${++count}@example.com`

async function register(visitor: Visitor, fields: Record<string, string>): Promise<Page> {
  const login = await visitor.openLogin()
  const href = /href="([^"]*\/registration\?from=[^"]+)"/.exec(login.html)?.[1] ?? ''
  const given = { givenName: 'Nora', familyName: 'O’Neill-Müller', password }
  return visitor.submit(await visitor.open(href), '/registration', { ...given, ...fields })
}

test('a new customer registers, confirms by mail and signs in where they began', async () => {
  const email = newAddress()
  const visitor = shop.visitor()
  const sent = await register(visitor, { login: email })
  expect(sent.url).toBe(`${shop.server.url}/sent/registration`)
  expect(isSignedIn(await visitor.signIn({ email, password }))).toBe(false)

  const { link, subject, text } = await shop.sink.mailTo(email)
  expect(subject).toBe('Confirm your e-mail address for Acme Shop')
  expect(text).toContain('24 hours')
  const page = await visitor.open(link)
  expect(page.html).not.toContain('type="password"')
  expect(page.headers.get('referrer-policy')).toBe('no-referrer')
  const login = await visitor.submit(page, '/confirmation')
  expect(login.html).toContain('Your e-mail address is confirmed')
  expect(isSignedIn(await visitor.submit(login, '/login', { login: email, password }))).toBe(true)

  const tokens = await tokensOf(shop.server.url, { username: email, password, scope: 'openid profile email' })
  const claims = await (await userinfo(shop.server.url, tokens.access_token)).json()
  expect(claims).toMatchObject({ email, email_verified: true, given_name: 'Nora', family_name: 'O’Neill-Müller' })
  expect(decode(tokens.access_token).payload.customer_reference).toEqual(expect.any(String))
  expect((await visitor.open(link)).status).toBe(410)
})

test('in another browser the link asks for the password, so that nobody confirms what a stranger registered', async () => {
  const victim = newAddress()
  await register(shop.visitor(), { login: victim, password: 'what the stranger chose' })
  const { link } = await shop.sink.mailTo(victim)
  const visitor = shop.visitor()
  const page = await visitor.open(link)
  expect((await visitor.submit(page, '/confirmation')).status).toBe(422)
  const wrong = await visitor.submit(page, '/confirmation', { password: 'what the victim types' })
  expect(wrong.status).toBe(422)
  expect(wrong.html).toContain('This is not the password you chose.')
  expect((await requestTokens(shop.server.url, { username: victim, password: 'what the stranger chose' })).status).toBe(
    400,
  )
  const right = await visitor.submit(page, '/confirmation', { password: 'what the stranger chose' })
  expect(right.url).toBe(`${shop.server.url}/done/confirmed?ui_locales=en`)
})

test('the password at a link can be guessed ten times and no more', async () => {
  const email = newAddress()
  await register(shop.visitor(), { login: email })
  const visitor = shop.visitor()
  const page = await visitor.open((await shop.sink.mailTo(email)).link)
  for (let attempt = 0; attempt < 10; attempt++) {
    expect((await visitor.submit(page, '/confirmation', { password: `guess ${attempt}` })).status).toBe(422)
  }
  expect((await visitor.submit(page, '/confirmation', { password })).status).toBe(410)
})

test('an address that has an account gets a letter that says so, and the page says what it always says', async () => {
  const customer = await shop.addCustomer()
  const [known, unknown] = [
    await register(shop.visitor(), { login: customer.email.toUpperCase() }),
    await register(shop.visitor(), { login: newAddress() }),
  ]
  const seen = ({ status, url, html }: Page) => [status, url, html.replace(/interaction\/[\w-]+/, 'interaction')]
  expect(seen(known)).toEqual(seen(unknown))
  const letter = await shop.sink.mailTo(customer.email)
  expect(letter.subject).toBe('You already have an account at Acme Shop')
  expect(letter.link).toBe(`${shop.server.url}/recovery?ui_locales=en`)
  expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
})

test('of two registrations with one address the newer counts', async () => {
  const email = newAddress()
  const [one, two] = [shop.visitor(), shop.visitor()]
  await register(one, { login: email, password: 'the older password' })
  const older = await shop.sink.mailTo(email)
  await register(two, { login: email, password: 'the newer password' })
  const newer = await shop.sink.mailTo(email, 2)
  expect((await one.open(older.link)).status).toBe(410)
  await two.submit(await two.open(newer.link), '/confirmation')
  expect(isSignedIn(await shop.visitor().signIn({ email, password: 'the newer password' }))).toBe(true)
})

test('two links of one address that are used at once make one customer', async () => {
  const email = newAddress()
  const visitor = shop.visitor()
  await register(visitor, { login: email })
  const page = await visitor.open((await shop.sink.mailTo(email)).link)
  const answers = await Promise.all(Array.from({ length: 8 }, () => visitor.submit(page, '/confirmation')))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
})

test.each([
  [{ login: 'not an address' }, 'href="#login"'],
  [{ login: 'a@example.com\r\nBcc: b@example.com' }, 'href="#login"'],
  [{ login: 'a@example.com, b@example.com' }, 'href="#login"'],
  [{ givenName: '' }, 'href="#givenName"'],
  [{ givenName: 'Win money at https://evil.example' }, 'href="#givenName"'],
  [{ familyName: '<b>Bold</b>' }, 'href="#familyName"'],
  [{ familyName: 'x'.repeat(65) }, 'href="#familyName"'],
  [{ password: '' }, 'href="#password"'],
  [{ password: 'short' }, 'at least 8 characters'],
  [{ password: 'password1' }, 'lists that attackers try first'],
])('what cannot be right is named: %j', async (fields, said) => {
  const page = await register(shop.visitor(), { login: newAddress(), ...fields })
  expect(page.status).toBe(422)
  expect(page.html).toContain(said)
  expect(page.html).not.toContain('evil.example</')
})

test('an unconfirmed customer who knows the password gets another link', async () => {
  const customer = await shop.addCustomer({ emailVerified: false })
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  expect(page.html).toContain('Confirm your e-mail address first.')
  await visitor.submit(page, '/confirmation')
  const { link } = await shop.sink.mailTo(customer.email)
  const login = await visitor.submit(await visitor.open(link), '/confirmation')
  expect(login.html).toContain('Your e-mail address is confirmed')
  expect(isSignedIn(await visitor.signIn(customer))).toBe(true)
})

test('a confirmation link dies with the address it was for', async () => {
  const customer = await shop.addCustomer({ emailVerified: false })
  const visitor = shop.visitor()
  await visitor.submit(await visitor.signIn(customer), '/confirmation')
  const { link } = await shop.sink.mailTo(customer.email)
  await shop.changeEmail(customer, `moved-${customer.email}`)
  expect((await visitor.open(link)).status).toBe(410)
})

test('a shop that does not open registration has no such page and no link to it', async () => {
  const closed = await startTestServer()
  try {
    expect((await fetch(`${closed.url}/registration`)).status).toBe(404)
    expect((await fetch(`${closed.url}/recovery`)).status).toBe(200)
  } finally {
    await closed.stop()
  }
})
