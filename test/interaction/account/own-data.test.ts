import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type HostedShop,
  isSignedIn,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../hosted-shop.ts'
import { RECOVERY_LINK } from '../mail-sink.ts'
import { openSignedIn, pathOf, signedIn } from './account-visitor.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

const PAGES = ['', '/profile', '/security', '/sessions', '/apps', '/activity', '/data']

test.each(['en', 'de'])(
  'every page has one heading, a title of its own and a text for everything (%s)',
  async (language) => {
    const { visitor } = await signedIn(shop, { 'accept-language': language })
    const titles = new Set<string>()
    for (const path of PAGES) {
      const { status, html } = await visitor.open(`/account${path}`)
      expect([path, status, html.match(/<h1>/g)?.length]).toEqual([path, 200, 1])
      expect(html).toContain(`<html lang="${language}"`)
      expect(html).not.toMatch(/>account\.[a-z.-]+</)
      titles.add(/<title>(.*?)<\/title>/.exec(html)?.[1] ?? '')
    }
    expect(titles.size).toBe(PAGES.length)
  },
)

describe('the profile', () => {
  test('is changed by its customer, keeps the region of a language, and is in the trail', async () => {
    const customer = await shop.addCustomer({ locale: 'de_AT' })
    const visitor = shop.visitor()
    const form = await openSignedIn(visitor, customer, '/account/profile/edit')
    const done = await visitor.submit(form, '/edit', { givenName: 'Zoë', familyName: 'O’Neill', language: 'de' })
    expect(pathOf(done)).toBe('/account/profile?done=profile')
    expect(done.html).toContain('Zoë')
    expect((await visitor.open('/account/activity')).html).toContain('Das Profil wurde geändert')
    const english = await visitor.submit(await visitor.open('/account/profile/edit'), '/edit', { language: 'en' })
    expect(english.html).toContain('Your profile is saved.')
  })

  test.each([
    ['a name with mark-up', { givenName: '<b>x</b>' }],
    ['an endless name', { familyName: 'x'.repeat(300) }],
    ['a language that there is not', { language: 'tlh' }],
  ])('is not changed by %s, and the form keeps what was typed', async (_what, fields) => {
    const { visitor } = await signedIn(shop)
    const page = await visitor.submit(await visitor.open('/account/profile/edit'), '/edit', fields)
    expect([page.status, page.html.includes('Something here cannot be right')]).toEqual([422, true])
    expect(page.html).not.toContain('<b>x</b>')
    expect((await visitor.open('/account/profile')).html).toContain('Sam')
  })
})

describe('another e-mail address', () => {
  let count = 0
  const fresh = () => `moved${++count}@example.org`

  test('is taken once its owner answered a letter, and the former owner can undo it', async () => {
    const { customer, visitor } = await signedIn(shop)
    const email = fresh()
    const form = await visitor.open('/account/profile/email')
    const done = await visitor.submit(form, '/email', { email })
    expect([pathOf(done), done.html.includes('Check the inbox')]).toEqual(['/account/profile?done=email', true])
    const letter = await shop.sink.mailTo(email)
    expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
    expect((await shop.visitor().signIn({ ...customer, email })).status).toBe(422)

    await visitor.submit(await visitor.open(letter.link), '/confirmation')
    expect(isSignedIn(await shop.visitor().signIn({ ...customer, email }))).toBe(true)
    expect((await shop.visitor().signIn(customer)).status).toBe(422)
    const notice = await shop.sink.mailTo(customer.email, 1, /was changed/)
    const anyone = shop.visitor()
    await anyone.submit(await anyone.open(notice.link), '/email-undo')
    expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
    expect((await visitor.open('/account')).url).toContain('/interaction/')
  })

  test('that has an account is answered as any other, and nothing moves', async () => {
    const { visitor } = await signedIn(shop)
    const other = await shop.addCustomer()
    const [taken, free] = [other.email, fresh()]
    const answers = []
    for (const email of [taken, free]) {
      const done = await visitor.submit(await visitor.open('/account/profile/email'), '/email', { email })
      answers.push([done.status, pathOf(done), done.html.replaceAll(/csrf" value="[^"]*"/g, '')])
    }
    expect(answers[0]).toEqual(answers[1])
    expect((await shop.sink.mailTo(taken)).subject).toContain('already have an account')
  })

  const NEW_PASSWORD = 'a better password than that'
  const CHOOSING: Readonly<Record<string, (visitor: Visitor, customer: TestCustomer) => Promise<Page>>> = {
    'on the account page': async (visitor) =>
      visitor.submit(await visitor.open('/account/security/password'), '/password', {
        password: NEW_PASSWORD,
        repeated: NEW_PASSWORD,
      }),
    'by the letter that told of it': async (_, { email }) => {
      const owner = shop.visitor()
      const told = await shop.sink.mailTo(email, 1, /Another e-mail address was asked for/)
      await owner.submit(await owner.open(told.link), '/recovery', { login: email })
      const { link } = await shop.sink.mailTo(email, 1, RECOVERY_LINK)
      const passwords = { password: NEW_PASSWORD, repeated: NEW_PASSWORD }
      return owner.submit(await owner.open(link), '/recovery/new', passwords)
    },
  }

  test.each(Object.keys(CHOOSING))('dies with a new password that is chosen %s', async (where) => {
    const { customer, visitor } = await signedIn(shop)
    const email = fresh()
    await visitor.submit(await visitor.open('/account/profile/email'), '/email', { email })
    const { link } = await shop.sink.mailTo(email)
    expect((await CHOOSING[where]?.(visitor, customer))?.status).toBe(200)
    expect((await visitor.open(link)).status).toBe(410)
    expect(isSignedIn(await shop.visitor().signIn({ ...customer, password: NEW_PASSWORD }))).toBe(true)
  })

  test.each([
    ['', 'Enter an e-mail address'],
    ['no address', 'Enter an e-mail address'],
  ])('has to be one (%s)', async (email, said) => {
    const { visitor } = await signedIn(shop)
    const page = await visitor.submit(await visitor.open('/account/profile/email'), '/email', { email })
    expect([page.status, page.html.includes(said), page.html.includes(`value="${email}"`)]).toEqual([422, true, true])
  })
})

describe('the data of a customer', () => {
  test('come as a file with everything about them and nobody else, and a letter tells of it', async () => {
    const { customer, visitor } = await signedIn(shop)
    const stranger = await signedIn(shop)
    const page = await visitor.submit(await visitor.open('/account/data/download'), '/download')
    expect([page.status, page.headers.get('content-type'), page.headers.get('content-disposition')]).toEqual([
      200,
      'application/json; charset=utf-8',
      'attachment; filename="my-data.json"',
    ])
    const data = JSON.parse(page.html) as { customer: { email: string }; browsers: unknown[]; audit: unknown[] }
    expect(data.customer.email).toBe(customer.email)
    expect(data.browsers).toHaveLength(1)
    expect(data.audit.length).toBeGreaterThan(0)
    expect(page.html).not.toContain(stranger.customer.id)
    expect(page.html).not.toMatch(/\$argon2|sealedId/)
    expect((await shop.sink.mailTo(customer.email)).subject).toContain('were downloaded')
  })
})

describe('an account that is to be deleted', () => {
  test('signs out every other device, says so, and can be kept', async () => {
    const { customer, visitor } = await signedIn(shop)
    const elsewhere = shop.visitor()
    await openSignedIn(elsewhere, customer)
    const done = await visitor.submit(await visitor.open('/account/data/delete'), '/delete')
    expect(pathOf(done)).toBe('/account/data?done=deletion')
    expect(done.html).toContain('Your account will be deleted on')
    await shop.sink.mailTo(customer.email, 1, /will be deleted/)
    const back = await openSignedIn(elsewhere, customer)
    expect(back.html).toContain('Your account will be deleted on')
    const kept = await elsewhere.submit(back, '/keep')
    expect(kept.html).toContain('Your account is kept.')
    await shop.sink.mailTo(customer.email, 1, /is kept/)
    expect((await elsewhere.open('/account')).html).not.toContain('will be deleted')
  })
})
