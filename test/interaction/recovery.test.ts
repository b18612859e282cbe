import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { introspect, refresh, requestTokens, tokensOf } from '../endpoints/client.ts'
import { readForm } from '../support/http.ts'
import { type HostedShop, isSignedIn, startHostedShop, type TestCustomer, type Visitor } from './hosted-shop.ts'
import { RECOVERY_LINK } from './mail-sink.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const NEW = 'an even better password'

/** Asks for a link from the login page, as a person does, and opens it. */
async function requestLink(visitor: Visitor, login: string) {
  const page = await visitor.openLogin()
  const href = /href="([^"]*\/recovery\?from=[^"]+)"/.exec(page.html)?.[1] ?? ''
  return visitor.submit(await visitor.open(href), '/recovery', { login })
}

async function linkFor(customer: TestCustomer, visitor: Visitor, nth = 1): Promise<string> {
  const sent = await requestLink(visitor, customer.email)
  expect([sent.status, sent.url]).toEqual([200, `${shop.server.url}/sent/recovery`])
  return (await shop.sink.mailTo(customer.email, nth, RECOVERY_LINK)).link
}

const choose = async (visitor: Visitor, link: string, password = NEW, repeated = password) =>
  visitor.submit(await visitor.open(link), '/recovery/new', { password, repeated })

describe('a forgotten password', () => {
  test('is replaced by a link in a mail, and the person ends where they began', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const link = await linkFor(customer, visitor)
    expect(link).toMatch(new RegExp(`^${shop.server.url}/recovery/new\\?token=[\\w-]{43}&ui_locales=en$`))
    const login = await choose(visitor, link)
    expect(login.url).toContain('/interaction/')
    expect(login.html).toContain('Your password is changed')
    expect(isSignedIn(await visitor.submit(login, '/login', { login: customer.email, password: NEW }))).toBe(true)
    const told = await shop.sink.mailTo(customer.email, 1, /changed/)
    expect(told.subject).toBe('Your password for Acme Shop was changed')
    expect((await shop.visitor().signIn(customer)).status).toBe(422)
  })

  test('signs the customer out of every session and every token', async () => {
    const customer = await shop.addCustomer()
    const login = { username: customer.email, password: customer.password }
    const tokens = await tokensOf(shop.server.url, { ...login, scope: 'openid offline_access' })
    const elsewhere = shop.visitor()
    expect(isSignedIn(await elsewhere.signIn(customer))).toBe(true)
    expect(isSignedIn(await elsewhere.openLogin())).toBe(true)

    const visitor = shop.visitor()
    await choose(visitor, await linkFor(customer, visitor))
    expect(await introspect(shop.server.url, tokens.access_token)).toEqual({ active: false })
    expect((await refresh(shop.server.url, tokens.refresh_token)).status).toBe(400)
    expect((await requestTokens(shop.server.url, login)).status).toBe(400)
    expect((await elsewhere.openLogin()).url).toContain('/interaction/')
  })

  test('is refused with a reason when the new one is weak, and the link stays good', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const link = await linkFor(customer, visitor)
    const texts: [string, string, string][] = [
      ['short', 'short', 'at least 8 characters'],
      ['password1', 'password1', 'lists that attackers try first'],
      [customer.email, customer.email, 'Do not use your e-mail address'],
      [NEW, `${NEW}!`, 'two different passwords'],
      ['', '', 'Enter a password'],
    ]
    for (const [password, repeated, said] of texts) {
      const page = await choose(visitor, link, password, repeated)
      expect(page.status).toBe(422)
      expect(page.html).toContain(said)
      if (password) expect(page.html).not.toContain(`value="${password}"><`)
    }
    expect((await choose(visitor, link)).html).toContain('Your password is changed')
  })

  test('confirms the address on the way: who reads its mail owns it', async () => {
    const customer = await shop.addCustomer({ emailVerified: false })
    const visitor = shop.visitor()
    await choose(visitor, await linkFor(customer, visitor))
    expect(isSignedIn(await visitor.signIn({ ...customer, password: NEW }))).toBe(true)
  })

  test('can be replaced in another browser, which is then told to go back to the shop', async () => {
    const customer = await shop.addCustomer()
    const link = await linkFor(customer, shop.visitor())
    const done = await choose(shop.visitor(), link)
    expect(done.url).toBe(`${shop.server.url}/done/password-changed?ui_locales=en`)
  })

  test('ends on a page that says so when the sign-in was over meanwhile', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const link = await linkFor(customer, visitor)
    await visitor.signIn(customer)
    const login = await visitor.openLogin({ prompt: 'login' })
    await visitor.submit(login, '/abort')
    const done = await choose(visitor, link)
    expect(done.status).toBe(200)
    expect(done.html).toContain('Your password is changed')
  })

  test('is also the way out of a block', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    for (let attempt = 0; attempt < 9; attempt++) await visitor.signIn({ ...customer, password: `wrong ${attempt}` })
    expect((await visitor.signIn(customer)).status).toBe(429)
    await choose(visitor, await linkFor(customer, visitor))
    expect(isSignedIn(await visitor.signIn({ ...customer, password: NEW }))).toBe(true)
  })
})

describe('a link', () => {
  async function expectDead(link: string, visitor = shop.visitor()): Promise<void> {
    const page = await visitor.open(link)
    expect(page.status).toBe(410)
    expect(page.html).toContain('This link no longer works')
  }

  test('works once', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const link = await linkFor(customer, visitor)
    const [one, two] = [await visitor.open(link), await shop.visitor().open(link)]
    expect([one.status, two.status]).toEqual([200, 200])
    await choose(visitor, link)
    await expectDead(link, visitor)
  })

  test('works for one of twenty who use it at once', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const link = await linkFor(customer, visitor)
    const page = await visitor.open(link)
    const fields = Array.from({ length: 20 }, (_, index) => `the password number ${index}`)
    const answers = await Promise.all(
      fields.map((password) => visitor.submit(page, '/recovery/new', { password, repeated: password })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(19)
  })

  test('is not used up by a scanner that opens it', async () => {
    const customer = await shop.addCustomer()
    const link = await linkFor(customer, shop.visitor())
    for (let attempt = 0; attempt < 5; attempt++) await fetch(link)
    await fetch(link, { method: 'HEAD' })
    expect((await choose(shop.visitor(), link)).html).toContain('Your password is changed')
  })

  test('dies when a newer one is asked for', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor()
    const older = await linkFor(customer, visitor)
    const page = await visitor.open(older)
    const newer = await linkFor(customer, visitor, 2)
    await expectDead(older)
    const late = await visitor.submit(page, '/recovery/new', { password: NEW, repeated: NEW })
    expect(late.status).toBe(410)
    expect((await choose(visitor, newer)).html).toContain('Your password is changed')
  })

  test('dies with the e-mail address', async () => {
    const customer = await shop.addCustomer()
    const link = await linkFor(customer, shop.visitor())
    await shop.changeEmail(customer, `moved-${customer.email}`)
    await expectDead(link)
  })

  test('dies when the password is changed by an older way', async () => {
    const customer = await shop.addCustomer()
    const attacker = shop.visitor({ 'x-forwarded-for': '203.0.113.9' })
    const visitor = shop.visitor()
    const unblock = await unblockLink(customer, attacker)
    await choose(visitor, await linkFor(customer, visitor))
    await expectDead(unblock)
  })

  test('for one purpose does nothing for another, and a forged one does nothing at all', async () => {
    const customer = await shop.addCustomer()
    const link = new URL(await linkFor(customer, shop.visitor()))
    const token = link.searchParams.get('token') ?? ''
    await expectDead(`/unblock?token=${token}`)
    await expectDead(`/confirmation?token=${token}`)
    for (const forged of ['', 'x', 'A'.repeat(43), `${token}A`, token.toLowerCase(), `${token.slice(0, -1)}%00`]) {
      await expectDead(`/recovery/new?token=${forged}`)
    }
    await expectDead(`/recovery/new?token=${token}&token=${token}`)
  })

  test('is not sent onwards: no referrer, no store, nothing from elsewhere', async () => {
    const customer = await shop.addCustomer()
    const page = await shop.visitor().open(await linkFor(customer, shop.visitor()))
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(page.html).not.toMatch(/(src|href)="(https?:)?\/\//)
  })

  test('leads to the issuer, whatever host the request named', async () => {
    const customer = await shop.addCustomer()
    const poison = { host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' }
    const page = await sendRaw('/recovery', poison)
    const fields = { ...readForm(page.body, shop.server.url).fields, login: customer.email }
    const answer = await sendRaw('/recovery', { ...poison, cookie: page.cookie }, new URLSearchParams(fields))
    expect(answer.status).toBe(303)
    const mail = await shop.sink.mailTo(customer.email)
    expect(mail.link).toContain(`${shop.server.url}/recovery/new`)
    expect(mail.text + mail.html + mail.headers).not.toContain('evil')
  })

  test('needs a form from our own page', async () => {
    const customer = await shop.addCustomer()
    const token = new URL(await linkFor(customer, shop.visitor())).searchParams.get('token') ?? ''
    const body = new URLSearchParams({ token, password: NEW, repeated: NEW })
    const answer = await fetch(`${shop.server.url}/recovery/new`, { method: 'POST', body })
    expect(answer.status).toBe(403)
  })
})

describe('mails', () => {
  test('say the same as text and as HTML, in the language of the customer', async () => {
    const customer = await shop.addCustomer({ locale: 'de_DE' })
    await linkFor(customer, shop.visitor())
    const mail = await shop.sink.mailTo(customer.email)
    expect(mail.subject).toBe('Neues Passwort für Acme Shop wählen')
    expect(mail.text).toContain('Guten Tag Sam,')
    expect(mail.text).toContain('30 Minuten lang')
    expect(mail.html).toContain('<html lang="de" dir="ltr"')
    expect(mail.html.replaceAll('&amp;', '&')).toContain(`href="${mail.link}"`)
    expect(mail.headers).toContain('Auto-Submitted: auto-generated')
  })

  test('and the pages on the way keep the language that the app asked for', async () => {
    const customer = await shop.addCustomer()
    const visitor = shop.visitor({ 'accept-language': 'en' })
    const login = await visitor.openLogin({ ui_locales: 'de' })
    const href = /href="([^"]*\/recovery\?from=[^"]+)"/.exec(login.html)?.[1]?.replace('&amp;', '&') ?? ''
    const page = await visitor.open(href)
    const again = await visitor.submit(page, '/recovery')
    const sent = await visitor.submit(again, '/recovery', { login: customer.email })
    const { link, subject } = await shop.sink.mailTo(customer.email)
    const chosen = await visitor.open(link)
    const done = await choose(shop.visitor({ 'accept-language': 'en' }), link)
    for (const { html } of [page, again, sent, chosen, done]) expect(html).toContain('<html lang="de"')
    expect(subject).toContain('Neues Passwort')
  })

  test('go to a blocked customer and to a stranger never', async () => {
    const blocked = await shop.addCustomer({ status: 'blocked' })
    const known = await shop.addCustomer()
    const visitor = shop.visitor()
    await requestLink(visitor, blocked.email)
    await requestLink(visitor, 'nobody@example.com')
    await linkFor(known, visitor)
    expect(shop.sink.mailsTo(blocked.email)).toEqual([])
    expect(shop.sink.mailsTo('nobody@example.com')).toEqual([])
  })

  test('cannot be made to bomb a customer, and the owner still gets theirs', async () => {
    const customer = await shop.addCustomer()
    for (let attempt = 0; attempt < 20; attempt++) {
      const stranger = shop.visitor({ 'x-forwarded-for': '203.0.113.77' })
      const page = await stranger.open('/recovery')
      expect((await stranger.submit(page, '/recovery', { login: customer.email })).status).toBe(200)
    }
    const owner = shop.visitor({ 'x-forwarded-for': '198.51.100.5' })
    const link = await linkFor(customer, owner, 4)
    expect(shop.sink.mailsTo(customer.email)).toHaveLength(4)
    expect((await owner.open(link)).status).toBe(200)
  })

  test('cannot be asked for without end from one address', async () => {
    const stranger = shop.visitor({ 'x-forwarded-for': '203.0.113.200' })
    const page = await stranger.open('/recovery')
    const answers = []
    for (let attempt = 0; attempt < 62; attempt++) {
      answers.push((await stranger.submit(page, '/recovery', { login: `stranger${attempt}@example.com` })).status)
    }
    expect(answers.filter((status) => status === 200)).toHaveLength(60)
    expect(answers.slice(60)).toEqual([429, 429])
  })

  test('wait for a mail server that is away', async () => {
    const customer = await shop.addCustomer()
    shop.sink.refuse(1, 451)
    const link = await linkFor(customer, shop.visitor())
    expect(link).toContain('/recovery/new?token=')
  })
})

/** A request with any Host header, which `fetch` would not send. */
async function sendRaw(path: string, headers: Record<string, string>, form?: URLSearchParams) {
  const type = form && { 'content-type': 'application/x-www-form-urlencoded' }
  const outgoing = request(new URL(path, shop.server.url), {
    method: form ? 'POST' : 'GET',
    headers: { ...headers, ...type },
  })
  outgoing.end(form?.toString())
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const cookie = incoming.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  return { status: incoming.statusCode, cookie, body: await text(incoming) }
}

async function unblockLink(customer: TestCustomer, visitor: Visitor): Promise<string> {
  for (let attempt = 0; attempt < 9; attempt++) await visitor.signIn({ ...customer, password: `wrong ${attempt}` })
  const locked = await visitor.signIn(customer)
  await visitor.submit(locked, '/unblock')
  return (await shop.sink.mailTo(customer.email)).link
}
