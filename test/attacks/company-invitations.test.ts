import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSignedIn, pathOf } from '../interaction/account/account-visitor.ts'
import {
  type HostedShop,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../interaction/hosted-shop.ts'

const INVITES = 'ManageCompanyUserInvitationPermissionPlugin'
const INVITATION = /\/account\/companies\/invitation/

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

type Company = { readonly id: string; readonly name: string }
type RoleName = 'Buyer' | 'Administrator' | 'Boss'

const PERMISSIONS: Readonly<Record<RoleName, readonly string[]>> = {
  Buyer: ['PlaceOrder'],
  Administrator: [INVITES, 'PlaceOrder'],
  Boss: [INVITES, 'PlaceOrder', 'EverythingElse'],
}

/** The roles of a company have ids that are made of its own. */
const roleId = (of: Company, name: RoleName) => `${'abc'[Object.keys(PERMISSIONS).indexOf(name)]}${of.id.slice(1)}`

function memberOf(of: Company, name: RoleName, { isActive = true } = {}) {
  const permissions = PERMISSIONS[name].map((key) => ({ key, configuration: {} }))
  return { id: randomUUID(), company: of, isActive, roles: [{ id: roleId(of, name), name, permissions }] }
}

type Membership = ReturnType<typeof memberOf>

async function store(customer: TestCustomer, ...companyUsers: readonly Membership[]): Promise<void> {
  const customerReference = `test-${Number(customer.id.slice(-12))}`
  await shop.importRecord({ email: customer.email, customerReference, emailVerified: true, companyUsers })
}

/** A customer who is signed in, with what they are at a company. */
async function person(...companyUsers: readonly Membership[]) {
  const customer = await shop.addCustomer()
  if (companyUsers.length > 0) await store(customer, ...companyUsers)
  const visitor = shop.visitor()
  await openSignedIn(visitor, customer)
  return { customer, visitor, companyUser: companyUsers[0] as Membership } // those who ask for it gave one
}

/** A company with an administrator, a buyer and one who may more than the administrator. */
async function companyOf(name = 'Target') {
  const of = { id: randomUUID(), name }
  const [administrator, buyer, boss] = [
    await person(memberOf(of, 'Administrator')),
    await person(memberOf(of, 'Buyer')),
    await person(memberOf(of, 'Boss')),
  ]
  return { of, administrator, buyer, boss }
}

type Person = Awaited<ReturnType<typeof person>>

async function invite({ visitor, companyUser }: Person, email: string): Promise<Page> {
  const form = await visitor.open(`/account/companies/invite?id=${companyUser.id}`)
  return visitor.submit(form, '/invite', { email, role: roleId(companyUser.company, 'Buyer') })
}

/** The link of an invitation to a guest. */
async function linkTo(inviter: Person, guest: TestCustomer): Promise<string> {
  await invite(inviter, guest.email)
  return (await shop.sink.mailTo(guest.email, 1, INVITATION)).link
}

const accept = async (visitor: Visitor, link: string) => {
  const page = await visitor.open(link)
  return page.html.includes('value="accept"') ? visitor.submit(page, '/invitation', { decision: 'accept' }) : page
}

/** How often a person acts for a company, as their own page lists it. */
async function timesIn(visitor: Visitor, { name }: Company): Promise<number> {
  const { html } = await visitor.open('/account/companies')
  const own = html.split('<h2')[0] ?? ''
  return html.split(`companies/leave?id=`).length - 1 > 0 ? own.split(`<bdi>${name}</bdi>`).length - 1 : 0
}

const form = (visitor: Visitor, act: string, id: string) => visitor.open(`/account/companies/${act}?id=${id}`)

describe('an invitation', () => {
  test('that was used, declined or taken back is used by nobody again, from the letter or from the page', async () => {
    const { administrator } = await companyOf('Used')
    const guest = await person()
    const link = await linkTo(administrator, guest.customer)
    const form = await guest.visitor.open(link)
    expect(pathOf(await accept(guest.visitor, link))).toContain('done=invitation-accepted')
    const again = await guest.visitor.submit(form, '/invitation', { decision: 'accept' })
    expect([again.status, (await guest.visitor.open(link)).status]).toEqual([404, 404])
    expect(await timesIn(guest.visitor, administrator.companyUser.company)).toBe(1)
  })

  test('whose link is forwarded to another address joins nobody else to the company', async () => {
    const { of, administrator } = await companyOf('Forwarded')
    const [guest, thief] = [await person(), await person()]
    const link = await linkTo(administrator, guest.customer)
    const seen = await thief.visitor.open(link)
    expect([seen.status, seen.html.includes('value="accept"')]).toEqual([200, false])
    const own = await guest.visitor.open(link)
    const token = /name="token" value="([^"]+)"/.exec(own.html)?.[1] ?? ''
    expect(token).not.toBe('')
    // A genuine form of the thief's own, with the token of the other.
    await linkTo(administrator, thief.customer)
    const thiefs = await thief.visitor.open((await shop.sink.mailTo(thief.customer.email, 1, INVITATION)).link)
    expect((await thief.visitor.submit(thiefs, '/invitation', { token, decision: 'accept' })).status).toBe(404)
    expect(await timesIn(thief.visitor, of)).toBe(0)
    expect(pathOf(await accept(guest.visitor, link))).toContain('done=invitation-accepted')
  })

  test('is not for an address that nobody has confirmed, though it is the same', async () => {
    const { of, administrator } = await companyOf('Unconfirmed')
    const guest = await person()
    const link = await linkTo(administrator, guest.customer)
    const customerReference = `test-${Number(guest.customer.id.slice(-12))}`
    await shop.importRecord({ email: guest.customer.email, customerReference, emailVerified: false })
    expect((await accept(guest.visitor, link)).html).not.toContain('value="accept"')
    expect(await timesIn(guest.visitor, of)).toBe(0)
  })

  test('is accepted once, however many accept it at once, and two to one company make one company user', async () => {
    const { of, administrator } = await companyOf('Raced')
    const guest = await person()
    await invite(administrator, guest.customer.email)
    await invite(administrator, guest.customer.email)
    const links = [1, 2].map((nth) => shop.sink.mailTo(guest.customer.email, nth, INVITATION))
    const forms = await Promise.all((await Promise.all(links)).map(({ link }) => guest.visitor.open(link)))
    const answers = await Promise.all(
      [...forms, ...forms].map((page) => guest.visitor.submit(page, '/invitation', { decision: 'accept' })),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 200, 404, 404])
    expect(await timesIn(guest.visitor, of)).toBe(1)
  })

  test('ends with the permission of who sent it', async () => {
    const { of, administrator, boss } = await companyOf('Orphaned')
    const guest = await person()
    const link = await linkTo(administrator, guest.customer)
    const waiting = await guest.visitor.open(link)
    await store(administrator.customer, { ...administrator.companyUser, isActive: false })
    expect((await guest.visitor.submit(waiting, '/invitation', { decision: 'accept' })).status).toBe(404)
    expect([(await guest.visitor.open(link)).status, await timesIn(guest.visitor, of)]).toEqual([404, 0])
    expect((await boss.visitor.open('/account/companies')).html).not.toContain(guest.customer.email)
  })

  test('is sent again with a new link, and the one of before no longer works', async () => {
    const { administrator } = await companyOf('Again')
    const guest = await person()
    const link = await linkTo(administrator, guest.customer)
    const page = await administrator.visitor.open('/account/companies')
    expect(pathOf(await administrator.visitor.submit(page, '/send-again'))).toContain('done=invited')
    const second = (await shop.sink.mailTo(guest.customer.email, 2, INVITATION)).link
    expect([(await guest.visitor.open(link)).status, second === link]).toEqual([404, false])
    expect(pathOf(await accept(guest.visitor, second))).toContain('done=invitation-accepted')
  })

  test('is written to one address five times a day at most, also by sending it again, and the answer stays the same', async () => {
    const { administrator } = await companyOf('Flooded')
    const address = `flooded-${randomUUID()}@example.org`
    const answers: string[] = []
    for (let times = 0; times < 4; times++) answers.push(pathOf(await invite(administrator, address)))
    for (let times = 0; times < 3; times++) {
      const page = await administrator.visitor.open('/account/companies')
      answers.push(pathOf(await administrator.visitor.submit(page, '/send-again')))
    }
    expect(new Set(answers)).toEqual(new Set(['/account/companies?done=invited']))
    await shop.sink.mailTo(address, 5)
    expect(shop.sink.mailsTo(address)).toHaveLength(5)
  })

  test('shows the name of a company as text, on the page and in the mail', async () => {
    const name = '<b onclick=x>Bold</b> & "Sons" {email}'
    const { administrator } = await companyOf(name)
    const guest = await person()
    const link = await linkTo(administrator, guest.customer)
    const letter = await shop.sink.mailTo(guest.customer.email, 1, INVITATION)
    for (const html of [letter.html, (await guest.visitor.open(link)).html]) {
      expect(html).not.toContain('<b onclick')
      expect(html).toContain('&lt;b onclick')
    }
  })

  const BAD: Readonly<Record<string, Record<string, string>>> = {
    'an address that is none': { email: 'nobody' },
    'an address with a second one': { email: 'a@example.org, b@example.org' },
    'an address with a line of its own': { email: 'a@example.org\r\nBcc: b@example.org' },
    'an address without end': { email: `${'x'.repeat(3000)}@example.org` },
    'no address': { email: '' },
    'a role of nobody': { email: 'c@example.org', role: randomUUID() },
    'a role that is no id': { email: 'c@example.org', role: "' or 1=1 --" },
  }
  test.each(Object.entries(BAD))('to %s is refused with the form, and nobody is written to', async (_what, fields) => {
    const { administrator } = await companyOf('Strict')
    const { visitor, companyUser } = administrator
    const page = await visitor.open(`/account/companies/invite?id=${companyUser.id}`)
    const role = roleId(companyUser.company, 'Buyer')
    const refused = await visitor.submit(page, '/invite', { role, ...fields })
    expect([refused.status, refused.html.includes('/invite"')]).toEqual([422, true])
    expect(shop.sink.mails.some(({ to }) => to.some((each) => each.startsWith('c@') || each.startsWith('b@')))).toBe(
      false,
    )
  })
})

describe('the people of a company', () => {
  test('are changed and removed by who looks after it, who are told, and whose tokens end', async () => {
    const { of, administrator, buyer } = await companyOf('Orderly')
    const change = await form(administrator.visitor, 'member', buyer.companyUser.id)
    const changed = await administrator.visitor.submit(change, '/member', { role: roleId(of, 'Administrator') })
    expect(pathOf(changed)).toBe('/account/companies?done=member-changed')
    expect((await shop.sink.mailTo(buyer.customer.email, 1, /role/)).text).toContain('Administrator')
    expect((await buyer.visitor.open('/account/companies')).html).toContain('/companies/invite?')

    const remove = await form(administrator.visitor, 'remove', buyer.companyUser.id)
    const removed = await administrator.visitor.submit(remove, '/remove')
    expect(pathOf(removed)).toBe('/account/companies?done=member-removed')
    expect((await shop.sink.mailTo(buyer.customer.email, 1, /no longer act/)).text).toContain('Orderly')
    expect(await timesIn(buyer.visitor, of)).toBe(0)
  })

  const ACTS = ['member', 'remove'] as const
  /** Forms that the administrator of another company, or a plain member, can send. */
  test.each(ACTS)('are not to be named by others: %s', async (act) => {
    const [here, there] = [await companyOf('Here'), await companyOf('There')]
    const own = await form(there.administrator.visitor, act, there.buyer.companyUser.id)
    const foreign = [
      here.buyer.companyUser.id,
      here.administrator.companyUser.id,
      randomUUID(),
      "' or 1=1 --",
      '\0',
      '',
    ]
    for (const id of foreign) {
      const role = roleId(here.of, 'Buyer')
      const page = await there.administrator.visitor.submit(own, `/${act}`, { id, ...(act === 'member' && { role }) })
      expect([id, page.status]).toEqual([id, 404])
    }
    const { visitor, companyUser } = there.buyer
    expect((await form(visitor, act, there.administrator.companyUser.id)).status).toBe(404)
    expect((await form(visitor, act, companyUser.id)).status).toBe(404)
    expect(await timesIn(here.buyer.visitor, here.of)).toBe(1)
  })

  test('get no role that may more than the administrator, and who has one is out of reach', async () => {
    const { of, administrator, buyer, boss } = await companyOf('Ladder')
    const { visitor, companyUser } = administrator
    const page = await form(visitor, 'member', buyer.companyUser.id)
    expect(page.html).not.toContain('Boss')
    for (const role of [roleId(of, 'Boss'), randomUUID(), '', 'x'])
      expect((await visitor.submit(page, '/member', { role })).status).toBe(409)
    const promoted = await visitor.submit(page, '/member', {
      id: companyUser.id,
      role: roleId(of, 'Boss'),
    })
    expect(promoted.status).toBe(409)
    const upwards = await visitor.submit(page, '/member', { id: boss.companyUser.id, role: roleId(of, 'Buyer') })
    expect(upwards.status).toBe(409)
    const removal = await form(visitor, 'remove', buyer.companyUser.id)
    expect((await visitor.submit(removal, '/remove', { id: boss.companyUser.id })).status).toBe(409)
    expect(await timesIn(boss.visitor, of)).toBe(1)
  })

  test('are never left without anybody who looks after them, also when two give it up at once', async () => {
    const of = { id: randomUUID(), name: 'Last ones' }
    const [first, second] = [await person(memberOf(of, 'Administrator')), await person(memberOf(of, 'Administrator'))]
    await person(memberOf(of, 'Buyer'))
    const forms = await Promise.all(
      [first, second].map(({ visitor, companyUser }) => form(visitor, 'member', companyUser.id)),
    )
    const role = roleId(of, 'Buyer')
    const answers = await Promise.all(
      [first, second].map(({ visitor }, index) => visitor.submit(forms[index] as Page, '/member', { role })), // as many
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    const looksAfter = async ({ visitor }: Person) =>
      (await visitor.open('/account/companies')).html.includes('/invite?')
    expect([await looksAfter(first), await looksAfter(second)].sort()).toEqual([false, true])
    const last = (await looksAfter(first)) ? first : second
    expect((await last.visitor.open('/account/data/delete')).html).toContain('Nobody else looks after Last ones')
  })

  test('are out of reach of an administrator who was deactivated while the form was open', async () => {
    const { of, administrator, buyer } = await companyOf('Deactivated')
    const { visitor, companyUser, customer } = administrator
    const forms = await Promise.all(ACTS.map((act) => form(visitor, act, buyer.companyUser.id)))
    const invitation = await visitor.open(`/account/companies/invite?id=${companyUser.id}`)
    await store(customer, { ...companyUser, isActive: false })
    const answers = [
      await visitor.submit(forms[0] as Page, '/member', { role: roleId(of, 'Buyer') }), // one of each act
      await visitor.submit(forms[1] as Page, '/remove'),
      await visitor.submit(invitation, '/invite', { email: 'd@example.org', role: roleId(of, 'Buyer') }),
    ]
    expect(answers.map(({ status, url }) => status === 404 || url.includes('/interaction/'))).toEqual([
      true,
      true,
      true,
    ])
    expect(await timesIn(buyer.visitor, of)).toBe(1)
  })
})
