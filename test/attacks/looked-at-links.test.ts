import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSignedIn, signedIn } from '../interaction/account/account-visitor.ts'
import {
  type HostedShop,
  type Page,
  startHostedShop,
  type TestCustomer,
  type Visitor,
} from '../interaction/hosted-shop.ts'
import { RECOVERY_LINK } from '../interaction/mail-sink.ts'

/** Programs that look at mails open every link in them, before the person does and after. */
let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ LOCKOUT_ATTEMPTS: '2' })
})
afterAll(() => shop?.stop())

type MailedLink = {
  readonly link: string
  /** The browser in which the person opens it. */
  readonly visitor: Visitor
  readonly ending: string
  readonly fields?: Readonly<Record<string, string>>
}

let count = 0
const newAddress = () => `linked${++count}@example.org`
const PASSWORDS = { password: 'a password for this link', repeated: 'a password for this link' }

async function askForAnotherAddress(): Promise<MailedLink & { customer: TestCustomer; email: string }> {
  const { customer, visitor } = await signedIn(shop)
  const email = newAddress()
  await visitor.submit(await visitor.open('/account/profile/email'), '/email', { email })
  const { link } = await shop.sink.mailTo(email)
  return { link, visitor, ending: '/confirmation', customer, email }
}

const LINKS: Readonly<Record<string, () => Promise<MailedLink>>> = {
  'to a new password': async () => {
    const [customer, visitor] = [await shop.addCustomer(), shop.visitor()]
    await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: customer.email })
    const { link } = await shop.sink.mailTo(customer.email, 1, RECOVERY_LINK)
    return { link, visitor, ending: '/recovery/new', fields: PASSWORDS }
  },
  'that lifts a lock': async () => {
    const [customer, visitor] = [await shop.addCustomer(), shop.visitor()]
    for (const password of ['wrong 1', 'wrong 2']) await visitor.signIn({ ...customer, password })
    await visitor.submit(await visitor.signIn(customer), '/unblock')
    return { link: (await shop.sink.mailTo(customer.email)).link, visitor, ending: '/unblock' }
  },
  'that confirms a registration': async () => {
    const [email, visitor] = [newAddress(), shop.visitor()]
    const form = { login: email, givenName: 'Nora', familyName: 'Lind', password: PASSWORDS.password }
    await visitor.submit(await visitor.open('/registration'), '/registration', form)
    return { link: (await shop.sink.mailTo(email)).link, visitor, ending: '/confirmation' }
  },
  'that confirms another address': askForAnotherAddress,
  'that undoes another address': async () => {
    const { customer, ...asked } = await askForAnotherAddress()
    await asked.visitor.submit(await asked.visitor.open(asked.link), asked.ending)
    const { link } = await shop.sink.mailTo(customer.email, 1, /email-undo/)
    return { link, visitor: shop.visitor(), ending: '/email-undo' }
  },
  'of an invitation': async () => {
    const role = {
      id: randomUUID(),
      name: 'Administrator',
      permissions: [{ key: 'ManageCompanyUserInvitationPermissionPlugin', configuration: {} }],
    }
    const company = { id: randomUUID(), name: 'Inviters' }
    const companyUser = { id: randomUUID(), company, isActive: true, isDefault: false, roles: [role] }
    const inviter = await shop.addCustomer()
    const customerReference = `test-${Number(inviter.id.slice(-12))}`
    await shop.importRecord({
      email: inviter.email,
      customerReference,
      emailVerified: true,
      companyUsers: [companyUser],
    })
    const guest = await shop.addCustomer()
    const host = shop.visitor()
    const form = await openSignedIn(host, inviter, `/account/companies/invite?id=${companyUser.id}`)
    await host.submit(form, '/invite', { email: guest.email, role: role.id })
    const visitor = shop.visitor()
    await openSignedIn(visitor, guest)
    const { link } = await shop.sink.mailTo(guest.email, 1, /invitation/)
    return { link, visitor, ending: '/invitation', fields: { decision: 'accept' } }
  },
}

const isOver = ({ status }: Page) => status === 410 || status === 404

test.each(Object.keys(LINKS))(
  'a link %s is used up by who sends its form, once, and by nobody who looks',
  async (name) => {
    const { link, visitor, ending, fields } = await (LINKS[name] as (typeof LINKS)[string])() // one of its keys
    const looks = [{}, { method: 'HEAD' }, { method: 'OPTIONS' }, { headers: { 'user-agent': 'a scanner of mails' } }]
    for (const init of looks) expect((await fetch(link, { ...init, redirect: 'manual' })).status).toBeLessThan(500)
    for (const method of ['HEAD', 'GET']) expect((await visitor.jar.fetch(link, { method })).status).toBe(200)
    const page = await visitor.open(link)
    const used = await visitor.submit(page, ending, fields)
    expect([used.status, isOver(used)], used.html).toEqual([200, false])
    for (const again of [await visitor.submit(page, ending, fields), await visitor.open(link)])
      expect([again.status, isOver(again)]).toEqual([again.status, true])
  },
)
