import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { implicitToken, postData } from '../dialects/elastic-path/endpoints.ts'
import { requestTokens } from '../endpoints/client.ts'
import {
  type HostedShop,
  isSignedIn,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../interaction/hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({
    DIALECTS: 'elastic-path',
    LOCKOUT_ATTEMPTS: '50',
    LOCKOUT_ACCOUNT_ATTEMPTS: '20',
    LOCKOUT_ADDRESS_ATTEMPTS: '1000',
  })
})
afterAll(() => shop?.stop())

/** Networks in which nobody who is asked for has ever been. */
const strangers = (count: number) => Array.from({ length: count }, (_, index) => `203.0.113.${index + 1}`)
const OWN = '198.51.100.20'
const CODE_BY_MAIL = '/v2/authentication-realms/realm/password-profiles/profile/one-time-password-token-request'

type MailedSecret = {
  readonly name: string
  readonly isUnconfirmed?: true
  /** Asks for a mail; whether one comes is not told. */
  ask(customer: TestCustomer, visitor: Visitor, ip: string): Promise<unknown>
  /** Uses the secret of a mail, and says whether it worked. */
  use(mail: { text: string; link: string }, customer: TestCustomer, visitor: Visitor, ip: string): Promise<boolean>
}

const NEW = 'the owner chose this one'

/** Everything that a stranger who knows an address can have mailed to it, and that is then tried. */
const SECRETS: readonly MailedSecret[] = [
  {
    name: 'a code by mail',
    ask: ({ email }, _, ip) => askForCode(email, ip),
    use: ({ text }, { email }, _, ip) => tryCode(email, codeIn(text), ip),
  },
  {
    name: 'a link to a new password',
    ask: async ({ email }, visitor) => visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email }),
    async use({ link }, _, visitor) {
      const page = await visitor.open(link)
      return (
        page.status === 200 &&
        (await visitor.submit(page, '/recovery/new', { password: NEW, repeated: NEW })).status === 200
      )
    },
  },
  {
    name: 'a link that lifts a lock',
    ask: (customer, visitor) => pressOnLoginPage(customer, visitor, 'unblock'),
    async use({ link }, _, visitor) {
      const page = await visitor.open(link)
      return page.status === 200 && (await visitor.submit(page, '/unblock')).status === 200
    },
  },
  {
    name: 'a link that confirms an address',
    isUnconfirmed: true,
    ask: (customer, visitor) => pressOnLoginPage(customer, visitor, 'confirmation'),
    async use({ link }, _, visitor) {
      const page = await visitor.open(link)
      return page.status === 200 && (await visitor.submit(page, '/confirmation')).status === 200
    },
  },
]

test.each(SECRETS)('$name goes on working when strangers ask for their own', async ({ ask, use, isUnconfirmed }) => {
  const customer = await shop.addCustomer({ emailVerified: !isUnconfirmed })
  const owner = at(OWN)
  await ask(customer, owner, OWN)
  const mail = await shop.sink.mailTo(customer.email)
  for (const ip of strangers(4)) await ask(customer, at(ip), ip)
  await shop.sink.mailTo(customer.email, 5)
  expect(await use(mail, customer, owner, OWN)).toBe(true)
})

const KNOWN = SECRETS.filter(({ isUnconfirmed }) => !isUnconfirmed)

test.each(KNOWN)('strangers do not use up the mails of a known device: $name', async ({ ask }) => {
  const customer = await shop.addCustomer()
  const owner = at(OWN)
  expect(isSignedIn(await owner.signIn(customer))).toBe(true)
  let sent = await flood(customer, ask)
  await ask(customer, owner, OWN)
  await shop.sink.mailTo(customer.email, ++sent)
})

test.each(KNOWN)('strangers together have a budget: $name', async ({ ask }) => {
  const customer = await shop.addCustomer()
  expect(await flood(customer, ask)).toBeLessThanOrEqual(15)
})

describe('wrong tries of a code', () => {
  test('by strangers, however many, leave the code of the one who asked for it good', async () => {
    const customer = await shop.addCustomer()
    await askForCode(customer.email, OWN)
    const code = codeIn((await shop.sink.mailTo(customer.email)).text)
    for (const ip of strangers(30)) await tryCode(customer.email, 'wrong2', ip)
    for (let tries = 0; tries < 10; tries++) await tryCode(customer.email, 'wrong2', '203.0.113.99')
    expect(await tryCode(customer.email, code, OWN)).toBe(true)
  })

  test('by strangers who asked for a code as well are five each', async () => {
    const customer = await shop.addCustomer()
    const stranger = '203.0.113.120'
    await askForCode(customer.email, stranger)
    const code = codeIn((await shop.sink.mailTo(customer.email)).text)
    for (let tries = 0; tries < 5; tries++) await tryCode(customer.email, 'wrong2', stranger)
    expect(await tryCode(customer.email, code, stranger)).toBe(false)
  })

  test('by strangers from everywhere end: then no stranger gets in, also with the right code', async () => {
    const customer = await shop.addCustomer()
    await askForCode(customer.email, OWN)
    const code = codeIn((await shop.sink.mailTo(customer.email)).text)
    for (const ip of strangers(20)) await tryCode(customer.email, 'wrong2', ip)
    expect(await tryCode(customer.email, code, '203.0.113.200')).toBe(false)
  })

  test('and asking before them do not tell whether there is such a customer', async () => {
    const known = await shop.addCustomer()
    const answers = async (login: string, ip: string) => {
      await askForCode(login, ip)
      const statuses = []
      for (let tries = 0; tries < 8; tries++) {
        const { status, body } = await answerToCode(login, 'wrong2', ip)
        statuses.push([status, body])
      }
      return statuses
    }
    const toKnown = await answers(known.email, '203.0.113.210')
    expect(await answers('nobody-of-ours@example.com', '203.0.113.211')).toEqual(toKnown)
  })

  test('in another network than the one that asked, the right code lets in', async () => {
    const customer = await shop.addCustomer()
    await askForCode(customer.email, OWN)
    const code = codeIn((await shop.sink.mailTo(customer.email)).text)
    expect(await tryCode(customer.email, code, '203.0.113.220')).toBe(true)
  })
})

/** Asks from ten networks, three times each, and waits until all that was to be sent is sent. */
async function flood(customer: TestCustomer, ask: MailedSecret['ask']): Promise<number> {
  for (const ip of strangers(10)) for (let times = 0; times < 3; times++) await ask(customer, at(ip), ip)
  const marker = await shop.addCustomer()
  await askForCode(marker.email, OWN)
  await shop.sink.mailTo(marker.email)
  return shop.sink.mailsTo(customer.email).length
}

function at(ip: string): Visitor {
  return shop.visitor({ 'x-forwarded-for': ip })
}

/** The buttons for mails are shown after a failure; a stranger sends the form without one. */
async function pressOnLoginPage({ email }: TestCustomer, visitor: Visitor, button: string) {
  const page = await visitor.openLogin({ prompt: 'login' })
  return visitor.submit({ ...page, html: page.html.replaceAll('/login"', `/${button}"`) }, `/${button}`, {
    login: email,
  })
}

async function askForCode(username: string, ip: string): Promise<void> {
  const { url } = shop.server
  const asked = { type: 'one_time_password_token_request', username, purpose: 'passwordless_authentication' }
  const bearer = `Bearer ${await implicitToken(url)}`
  const { status } = await postData(`${url}${CODE_BY_MAIL}`, asked, bearer, { 'x-forwarded-for': ip })
  expect(status).toBe(202)
}

async function answerToCode(username: string, code: string, ip: string) {
  const fields = { grant_type: 'urn:vestibule:grant:one-time-password', username, password: undefined }
  const answer = await requestTokens(shop.server.url, { ...fields, one_time_password: code }, { 'x-forwarded-for': ip })
  return { status: answer.status, body: answer.ok ? {} : await answer.json() }
}

async function tryCode(username: string, code: string, ip: string): Promise<boolean> {
  return (await answerToCode(username, code, ip)).status === 200
}

function codeIn(text: string): string {
  return /Your code .*\bis (\w{6})\b/.exec(text)?.[1] ?? ''
}
