import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import { openSignedIn, pathOf } from './account/account-visitor.ts'
import { codeAt, recoveryCodesOn, secretOn, stepNow } from './factor-shop.ts'
import { type HostedShop, isSignedIn, type Page, startHostedShop, type Visitor } from './hosted-shop.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop({ SIGN_IN_CODE: 'offered', SECOND_FACTOR_MAIL: 'allowed' })
})
afterAll(() => shop?.stop())

/** As it comes out of a sentence from right to left, on a keyboard with other digits, in groups. */
const asTyped = (code: string) =>
  `\u2068${code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit))).replace(/(.{3})(?=.)/g, '$1 ')}\u2069`

const mailed = (email: string, pattern: RegExp) => {
  const find = () =>
    shop.sink.mailsTo(email).flatMap(({ subject, text }) => pattern.exec(`${subject}\n${text}`)?.[1] ?? [])[0]
  return waitFor(find, { what: `a code for ${email}` })
}

/** The button that asks for a code sends the form of the password elsewhere (`formaction`). */
const withCodeButton = (page: Page): Page => {
  const address = /form="sign-in" formaction="([^"]+)"/.exec(page.html)?.[1] ?? 'no button'
  return { ...page, html: page.html.replace(/action="[^"]+\/login" id="sign-in"/, `action="${address}"`) }
}

/** A customer who set up an app on the account page, where the code of it is typed so as well. */
async function withApp() {
  const [customer, visitor] = [await shop.addCustomer(), shop.visitor()]
  const form = await openSignedIn(visitor, customer, '/account/security/second-factor')
  const secret = secretOn(form)
  const added = await visitor.submit(form, '/second-factor', { code: asTyped(await codeAt(secret, stepNow())) })
  const [recoveryCode = ''] = recoveryCodesOn(added)
  return { ...customer, visitor, recoveryCode, nextCode: () => codeAt(secret, stepNow() + 1) }
}

/** Each field for a code: fills it in with `asTyped`, and leads to the page that follows. */
const FIELDS: Readonly<Record<string, (visitor: Visitor) => Promise<Page>>> = {
  'of an app': async (visitor) => {
    const customer = await withApp()
    return visitor.submit(await visitor.signIn(customer), '/second-factor', {
      code: asTyped(await customer.nextCode()),
    })
  },
  'on paper': async (visitor) => {
    const customer = await withApp()
    const page = await visitor.signIn(customer)
    const paper = await visitor.open(`${new URL(page.url).pathname}?way=recovery`)
    return visitor.submit(paper, '/second-factor', { code: asTyped(customer.recoveryCode) })
  },
  'of a mail as the second factor': async (visitor) => {
    const customer = await withApp()
    const page = await visitor.submit(await visitor.signIn(customer), '/second-factor-mail')
    return visitor.submit(page, '/second-factor', { code: asTyped(await mailed(customer.email, /^(\d{3} \d{3}) /)) })
  },
  'of a mail in place of the password': async (visitor) => {
    const { email } = await shop.addCustomer()
    const page = await visitor.submit(withCodeButton(await visitor.openLogin()), '/code-request', { login: email })
    return visitor.submit(page, '/code', { code: asTyped(await mailed(email, /Your code .*\bis (\w{6})\b/)) })
  },
}

test.each(Object.keys(FIELDS))(
  'a code %s may be typed in groups and with the digits of any keyboard',
  async (field) => {
    const page = await FIELDS[field]?.(shop.visitor())
    expect(page && isSignedIn(page), page?.html).toBe(true)
  },
)

test('a code on the account page may be typed in groups and with the digits of any keyboard', async () => {
  const { visitor, nextCode } = await withApp()
  const form = await visitor.open('/account/security/second-factor/remove')
  const done = await visitor.submit(form, '/remove', { code: asTyped(await nextCode()) })
  expect(pathOf(done)).toContain('done=second-factor-removed')
})
