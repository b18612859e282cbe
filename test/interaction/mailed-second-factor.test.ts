import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import {
  authenticationIn,
  codeAt,
  type FactorShop,
  recoveryCodesOn,
  SECOND_FACTOR,
  SIGNED_IN,
  secretOn,
  startFactorShop,
  stepNow,
} from './factor-shop.ts'
import { isSignedIn, type Page, type TestCustomer, type Visitor } from './hosted-shop.ts'

let shop: FactorShop
beforeAll(async () => {
  shop = await startFactorShop({ SECOND_FACTOR: 'required', SECOND_FACTOR_MAIL: 'allowed' })
})
afterAll(() => shop?.stop())

/** The `nth` code that a customer was sent. */
async function codeFor({ email }: TestCustomer, nth = 1): Promise<string> {
  const codes = () => shop.sink.mailsTo(email).flatMap(({ subject }) => /^\d{3} \d{3}(?= )/.exec(subject)?.[0] ?? [])
  await waitFor(async () => codes().length >= nth, { what: `code ${nth} for ${email}` })
  return codes()[nth - 1] ?? ''
}

const enter = (visitor: Visitor, page: Page, code: string, fields = {}) =>
  visitor.submit(page, '/second-factor', { code, remember_device: '', ...fields })
/** A code of the same form that is not this one. */
const otherThan = (code: string) => String((Number(code.replace(' ', '')) + 1) % 1_000_000).padStart(6, '0')

test('a code by mail lets in where it is allowed, and the tokens do not call it a second factor', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const tokens = await shop.tokensBy(visitor, {}, async (login) => {
    const page = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    expect(page.html).toContain('Code from the message')
    return enter(visitor, page, await codeFor(customer))
  })
  expect(authenticationIn(tokens)).toMatchObject({ acr: SIGNED_IN, amr: ['pwd', 'otp'] })
  expect(isSignedIn(await visitor.openLogin({ prompt: 'none' }))).toBe(true)
})

test('a request for a second factor by name is not met by a code by mail', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const login = { login: customer.email, password: customer.password }
  const page = await visitor.submit(await visitor.openLogin({ acr_values: SECOND_FACTOR }), '/login', login)
  expect(isSignedIn(await enter(visitor, page, await codeFor(customer)))).toBe(true)
  expect(isSignedIn(await visitor.openLogin({ acr_values: SECOND_FACTOR })), 'and is asked for once').toBe(true)
  const claims = JSON.stringify({ id_token: { acr: { essential: true, value: SECOND_FACTOR } } })
  const { url } = await visitor.openLogin({ claims })
  expect(new URL(url).searchParams.get('error')).toBe('unmet_authentication_requirements')
})

test('a customer with an app can have a code mailed instead, unless a client asks for the second factor by name', async () => {
  const customer = await shop.addCustomer()
  const first = shop.visitor()
  await enter(first, await first.signIn(customer), await codeFor(customer))
  const form = await first.open('/account/security/second-factor')
  const code = await codeAt(secretOn(form), stepNow())
  recoveryCodesOn(await first.submit(form, '/security/second-factor', { code }))
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  expect(page.html).toContain('Code from the app')
  const mailed = await visitor.submit(page, '/second-factor-mail')
  expect(mailed.url).toMatch(/way=mail$/)
  expect(isSignedIn(await enter(visitor, mailed, await codeFor(customer, 2)))).toBe(true)
  const stronger = await visitor.openLogin({ acr_values: SECOND_FACTOR })
  expect(stronger.html).not.toContain('/second-factor-mail')
  const forged = { ...stronger, html: stronger.html.replace('/abort"', '/second-factor-mail"') }
  expect((await visitor.submit(forged, '/second-factor-mail')).url).not.toMatch(/way=mail/)
})

test('only the newest code works, in the browser that asked for it', async () => {
  const customer = await shop.addCustomer()
  const [visitor, thief] = [shop.visitor(), shop.visitor()]
  const page = await visitor.signIn(customer)
  const old = await codeFor(customer)
  const stolen = await thief.signIn(customer)
  const ofThief = await codeFor(customer, 2)
  expect((await enter(thief, stolen, old)).status, 'of another sign-in').toBe(422)
  expect((await enter(visitor, page, ofThief)).status, 'of another sign-in').toBe(422)
  const again = await visitor.submit(page, '/second-factor-mail')
  const newest = await codeFor(customer, 3)
  expect((await enter(visitor, again, old)).status, 'an older one').toBe(422)
  expect(isSignedIn(await enter(visitor, again, newest)), 'the newest').toBe(true)
})

test('the sixth try of a code is wrong even when it is right', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  const code = await codeFor(customer)
  const answers: number[] = []
  for (const network of [1, 2, 3, 4, 5]) {
    // From other networks, so that it is the code that ends, and not the network that waits.
    visitor.moveTo(`198.51.100.${network}`)
    answers.push((await enter(visitor, page, otherThan(code))).status)
  }
  expect(answers).toEqual([422, 422, 422, 422, 422])
  visitor.moveTo('198.51.100.9')
  expect((await enter(visitor, page, code)).status).toBe(422)
  const again = await visitor.submit(page, '/second-factor-mail')
  expect(isSignedIn(await enter(visitor, again, await codeFor(customer, 2)))).toBe(true)
})

test('so many codes are mailed to one customer, and no more', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  let page = await visitor.signIn(customer)
  for (let sent = 1; sent < 5; sent++) {
    await codeFor(customer, sent)
    page = await visitor.submit(page, '/second-factor-mail')
  }
  expect(page.status).toBe(200)
  const tooMany = await visitor.submit(page, '/second-factor-mail')
  expect(tooMany.status).toBe(429)
  expect(isSignedIn(await enter(visitor, tooMany, await codeFor(customer, 5))), 'the newest still works').toBe(true)
})
