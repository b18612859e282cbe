import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestTokens } from '../endpoints/client.ts'
import { openSignedIn } from './account/account-visitor.ts'
import { type HostedShop, isSignedIn, startHostedShop } from './hosted-shop.ts'

const UNICODE = 'müller.example'
const ASCII = 'xn--mller-kva.example'
const PASSWORD = 'a password for a new account'
const NEW = 'an even better password'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ SIGN_IN_CODE: 'offered' })
})
afterAll(() => shop?.stop())

let count = 0
/** The spellings of one address that nobody has yet: the second is what browsers and mail servers make of the first. */
function newAddress(): { unicode: string; ascii: string; shouted: string } {
  const name = `sam${++count}`
  return { unicode: `${name}@${UNICODE}`, ascii: `${name}@${ASCII}`, shouted: `${name.toUpperCase()}@MÜLLER.example` }
}

/** Registers an address and confirms it. The mail server of the tests shows domains in Unicode, however they were sent. */
async function register(login: string, mailbox: string): Promise<void> {
  const visitor = shop.visitor()
  const form = await visitor.open('/registration')
  await visitor.submit(form, '/registration', { login, givenName: 'Sam', familyName: 'Sample', password: PASSWORD })
  const { link } = await shop.sink.mailTo(mailbox)
  await visitor.submit(await visitor.open(link), '/confirmation')
}

describe.each([
  ['Unicode', 'unicode'],
  ['ASCII', 'ascii'],
] as const)('an account whose address was registered in %s', (_spelling, written) => {
  test('is one account in every spelling: at the sign-in page, for tokens, in letters and at another registration', async () => {
    const address = newAddress()
    await register(address[written], address.unicode)
    for (const email of Object.values(address)) {
      expect(isSignedIn(await shop.visitor().signIn({ email, password: PASSWORD })), email).toBe(true)
      expect((await requestTokens(shop.server.url, { username: email, password: PASSWORD })).status, email).toBe(200)
    }
    for (const login of [address.unicode, address.ascii]) {
      const visitor = shop.visitor()
      const sent = shop.sink.mailsTo(address.unicode).length
      await visitor.submit(await visitor.open('/registration'), '/registration', {
        login,
        givenName: 'Sam',
        familyName: 'Other',
        password: 'the password of somebody else',
      })
      expect((await shop.sink.mailTo(address.unicode, sent + 1)).subject).toContain('already have an account')
    }
  })
})

test('a new password and a code by mail are had in either spelling', async () => {
  const address = newAddress()
  await register(address.unicode, address.unicode)
  for (const login of [address.unicode, address.ascii]) {
    const nth = shop.sink.mailsTo(address.unicode).filter(({ link }) => link.includes('/recovery/new')).length + 1
    const visitor = shop.visitor()
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { login })
    const { link } = await shop.sink.mailTo(address.unicode, nth, /\/recovery\/new/)
    const form = await visitor.open(link)
    expect(form.html).toContain(address.unicode)
    await visitor.submit(form, '/recovery/new', { password: NEW, repeated: NEW })
    expect(isSignedIn(await shop.visitor().signIn({ email: login, password: NEW }))).toBe(true)
  }
  for (const [login, other] of [
    [address.unicode, address.ascii],
    [address.ascii, address.unicode],
  ] as const) {
    const codes = () => shop.sink.mailsTo(address.unicode).filter(({ subject }) => /is your code/.test(subject))
    const nth = codes().length + 1
    const visitor = shop.visitor({ 'x-forwarded-for': `198.51.100.${nth}` })
    const page = await visitor.openLogin()
    const html = page.html.replace(/action="([^"]+)\/login" id="sign-in"/, 'action="$1/code-request"')
    const asked = await visitor.submit({ ...page, html }, '/code-request', { login })
    const { subject } = await shop.sink.mailTo(address.unicode, nth, /is your code/)
    expect(isSignedIn(await visitor.submit(asked, '/code', { login: other, code: subject.slice(0, 6) }))).toBe(true)
  }
})

test('an address is changed to an international one, which then signs in, and to itself in another spelling it is not', async () => {
  const customer = await shop.addCustomer()
  const address = newAddress()
  const visitor = shop.visitor()
  await openSignedIn(visitor, customer)
  await visitor.submit(await visitor.open('/account/profile/email'), '/profile/email', { email: address.unicode })
  const { link } = await shop.sink.mailTo(address.unicode)
  await visitor.submit(await visitor.open(link), '/confirmation')
  for (const email of [address.unicode, address.ascii])
    expect(isSignedIn(await shop.visitor().signIn({ email, password: customer.password })), email).toBe(true)
  const again = shop.visitor()
  await openSignedIn(again, { ...customer, email: address.unicode })
  for (const email of [address.unicode, address.ascii]) {
    const form = await again.open('/account/profile/email')
    const page = await again.submit(form, '/profile/email', { email })
    expect([page.status, page.html.includes('your e-mail address already')], email).toEqual([422, true])
  }
})

test('names that only look like the domain, and what is no domain, are refused or are another account', async () => {
  const address = newAddress()
  await register(address.unicode, address.unicode)
  // The first ends with a Cyrillic letter.
  for (const domain of ['müller.examplе', 'muller.example', 'müller..example', '-.example', 'xn--.example']) {
    const email = `${address.unicode.split('@')[0]}@${domain}`
    const page = await shop.visitor().signIn({ email, password: PASSWORD })
    expect([page.status, isSignedIn(page)], domain).toEqual([422, false])
  }
})
