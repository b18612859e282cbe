import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CALLBACK, decode, pkce, requestTokens } from '../../endpoints/client.ts'
import { aMinuteLater, bearer, type FactorShop, SECOND_FACTOR } from '../../interaction/factor-shop.ts'
import { isSignedIn } from '../../interaction/hosted-shop.ts'
import { customerWithPasskey, withPasskey } from '../../interaction/passkey-visitor.ts'
import { createAuthenticator } from '../../support/authenticator.ts'
import { later } from '../../support/clock.ts'
import { postJson } from '../../support/http.ts'
import { type Answer, APP, codeIn, digitsIn, newApp, signedIn, startAppShop, stepIn, stepsIn } from './app.ts'

const ANDROID = `android:apk-key-hash:${'A'.repeat(43)}`

let shop: FactorShop
beforeAll(async () => {
  shop = await startAppShop({ PASSKEY_ORIGINS: ANDROID })
})
afterAll(() => shop?.stop())

const problemIn = ({ body }: Answer) => body.problem?.code
test('every kind of answer that is not yet a code has status 403', async () => {
  const app = await newApp(shop)
  expect((await app.begin()).status).toBe(403)
  const again = await newApp(shop)
  const toBrowser = await again.begin({ register: 'true' })
  expect([toBrowser.status, toBrowser.body.error]).toEqual([403, 'redirect_to_web'])
  const lost = await app.ask({ auth_session: 'x'.repeat(65) })
  expect([lost.status, lost.body.error]).toEqual([400, 'invalid_session'])
})

describe('the code of an app', () => {
  test('comes after the password; a wrong one leaves the sign-in as it is', async () => {
    const customer = await shop.enrol()
    const app = await newApp(shop)
    const first = await app.begin({ username: customer.email, password: customer.password })
    expect(first.status).toBe(403)
    expect(stepsIn(first).slice(0, 2)).toEqual(['totp', 'recovery_code'])
    const wrong = await app.ask({ otp: '000000' })
    expect([wrong.status, problemIn(wrong)]).toEqual([403, 'wrong_code'])
    expect(stepsIn(wrong)).toEqual(stepsIn(first))
    const right = await app.ask({ otp: await customer.code() })
    expect(right.status, right.text).toBe(200)
    const { body } = await app.redeem(right.body.authorization_code)
    expect(decode(String(body.access_token)).payload).toMatchObject({ acr: SECOND_FACTOR })
  })

  test('works in one sign-in only', async () => {
    const customer = await shop.enrol()
    const otp = await customer.code()
    const [first, second] = [await newApp(shop), await newApp(shop)]
    for (const app of [first, second]) await app.begin({ username: customer.email, password: customer.password })
    expect((await first.ask({ otp })).status).toBe(200)
    expect(problemIn(await second.ask({ otp }))).toBe('wrong_code')
  })

  test('may come in one request with the password, and a recovery code in its place', async () => {
    const customer = await shop.enrol()
    const app = await newApp(shop)
    const { email: username, password } = customer
    expect((await app.begin({ username, password, otp: await customer.code() })).status).toBe(200)
    const recovery_code = customer.recoveryCode()
    expect((await app.begin({ username, password, recovery_code })).status).toBe(200)
    expect(problemIn(await app.begin({ username, password, recovery_code }))).toBe('wrong_code')
  })
})

describe('a code by mail in place of the password', () => {
  async function askedFor() {
    const customer = await shop.addCustomer()
    const app = await newApp(shop)
    await app.begin({ username: customer.email, send: 'email_code' })
    return { customer, app, code: codeIn((await shop.sink.mailTo(customer.email)).text) }
  }

  test('signs in', async () => {
    const { app, code } = await askedFor()
    const answer = await app.ask({ email_code: code })
    expect(answer.status, answer.text).toBe(200)
    const { body } = await app.redeem(answer.body.authorization_code)
    expect(decode(String(body.access_token)).payload).toMatchObject({ amr: ['otp'] })
  })

  test('is worth nothing in another sign-in', async () => {
    const { customer, app, code } = await askedFor()
    const other = await newApp(shop)
    await other.begin({ username: customer.email })
    expect(problemIn(await other.ask({ email_code: code }))).toBe('wrong_code')
    expect((await app.ask({ email_code: code })).status).toBe(200)
  })

  test('is not looked at after five wrong ones', async () => {
    const { app, code } = await askedFor()
    for (let tries = 0; tries < 5; tries++)
      expect(problemIn(await app.ask({ email_code: 'zzzzzz' }))).toBe('wrong_code')
    expect(problemIn(await app.ask({ email_code: code }))).toBe('wrong_code')
  })

  test('takes the place of the one before', async () => {
    const { customer, app, code } = await askedFor()
    await app.ask({ send: 'email_code' })
    const newer = codeIn((await shop.sink.mailTo(customer.email, 2)).text)
    expect(problemIn(await app.ask({ email_code: code }))).toBe('wrong_code')
    expect((await app.ask({ email_code: newer })).status).toBe(200)
  })
})

test('an address that is not confirmed is confirmed by a code after the right password', async () => {
  const customer = await shop.addCustomer({ emailVerified: false })
  const app = await newApp(shop)
  const first = await app.begin({ username: customer.email, password: customer.password })
  expect(stepsIn(first)).toEqual(['email_code'])
  expect(stepIn(first, 'email_code')).toMatchObject({ address: `${customer.email[0]}***@example.com`, length: 6 })
  const code = digitsIn((await shop.sink.mailTo(customer.email)).text)
  expect(problemIn(await app.ask({ email_code: code === '000000' ? '111111' : '000000' }))).toBe('wrong_code')
  expect((await app.ask({ email_code: code })).status).toBe(200)
  const again = await newApp(shop)
  await signedIn(again, customer)
})

describe('a passkey', () => {
  type Options = { options: { rpId: string; challenge: string; allowCredentials: unknown[] } }
  const optionsIn = (answer: Answer) => stepIn<Options>(answer, 'passkey').options

  test('signs in whoever has it, without a list of anybody’s passkeys', async () => {
    const { customer, authenticator, passkey } = await customerWithPasskey(shop)
    const app = await newApp(shop)
    const options = optionsIn(await app.begin())
    expect(options.allowCredentials).toEqual([])
    const answer = await app.ask({ passkey: authenticator.get(passkey, options) })
    expect(answer.status, answer.text).toBe(200)
    const { body } = await app.redeem(answer.body.authorization_code)
    expect(decode(String(body.access_token)).payload).toMatchObject({ sub: customer.id, acr: SECOND_FACTOR })
  })

  test('answers the challenge of its own sign-in only', async () => {
    const { authenticator, passkey } = await customerWithPasskey(shop)
    const [app, other] = [await newApp(shop), await newApp(shop)]
    await app.begin()
    const foreign = optionsIn(await other.begin())
    expect(problemIn(await app.ask({ passkey: authenticator.get(passkey, foreign) }))).toBe('wrong_credentials')
    for (const nonsense of ['{}', 'x', '[]', 'null'])
      expect(problemIn(await app.ask({ passkey: nonsense }))).toBe('wrong_credentials')
  })

  test.each([
    ['the Android app of the shop', ANDROID, 200],
    ['another Android app', `android:apk-key-hash:${'B'.repeat(43)}`, 403],
    ['a page of others', 'https://evil.example', 403],
  ])('of %s is taken only where PASSKEY_ORIGINS lists it', async (_, origin, status) => {
    const { passkey } = await customerWithPasskey(shop)
    const app = await newApp(shop)
    const options = optionsIn(await app.begin())
    expect((await app.ask({ passkey: createAuthenticator(origin).get(passkey, options) })).status).toBe(status)
  })

  test('is what a request for phr asks for after a password, and nothing else', async () => {
    const customer = await shop.addCustomer()
    const { authenticator, passkey } = await withPasskey(shop, customer)
    const app = await newApp(shop)
    const { tokens } = await signedIn(app, customer)
    const before = decode(String(tokens.access_token)).payload
    const asked = await aMinuteLater(() => app.ask({ acr_values: 'phr' }))
    expect(stepsIn(asked), asked.text).toEqual(['passkey'])
    const { status, body } = await aMinuteLater(() =>
      app.ask({ passkey: authenticator.get(passkey, optionsIn(asked)) }),
    )
    expect(status).toBe(200)
    const stepped = await app.redeem(body.authorization_code)
    const { payload } = decode(String(stepped.body.access_token))
    expect(payload).toMatchObject({ acr: 'phr', sub: customer.id })
    expect(Number(payload.auth_time)).toBeGreaterThan(Number(before.auth_time))
  })
})

test('a scope that wants a second factor has its step, as at the authorization endpoint', async () => {
  const identifier = 'urn:test:strict-checkout'
  const server = {
    identifier,
    scopes: ['checkout'],
    format: 'jwt',
    scope_policies: { checkout: { min_acr: SECOND_FACTOR } },
  }
  const made = await postJson(`${shop.server.adminUrl}/v1/resource-servers`, server, bearer)
  expect(made.ok, await made.text()).toBe(true)
  const customer = await withPasskey(shop, await shop.addCustomer())
  const { email: username, password } = customer.customer
  const app = await newApp(shop)
  const asked = await app.begin({ username, password, resource: identifier, scope: 'checkout' })
  expect(stepsIn(asked)).toEqual(['passkey'])
  const { options } = stepIn<{ options: { rpId: string; challenge: string } }>(asked, 'passkey')
  const { body } = await app.ask({ passkey: customer.authenticator.get(customer.passkey, options) })
  const tokens = await app.redeem(body.authorization_code)
  expect(decode(String(tokens.body.access_token)).payload).toMatchObject({ scope: 'checkout', acr: SECOND_FACTOR })
})

describe('a password that must be changed', () => {
  test('signs in once another was chosen, by the rules of every page', async () => {
    const customer = await shop.addCustomer({ password: 'short' })
    const app = await newApp(shop)
    const first = await app.begin({ username: customer.email, password: customer.password })
    expect(stepsIn(first)).toEqual(['new_password'])
    expect(problemIn(await app.ask({ new_password: 'abc' }))).toBe('password_too_short')
    const answer = await app.ask({ new_password: 'a much better one than before' })
    expect(answer.status, answer.text).toBe(200)
    expect((await app.redeem(answer.body.authorization_code)).status).toBe(200)
    expect(
      (
        await requestTokens(shop.server.url, {
          client_id: APP,
          username: customer.email,
          password: 'a much better one than before',
        })
      ).status,
    ).toBe(200)
  })
})

describe('a customer of several companies', () => {
  const B2B = { email: 'test@meetanshi.com', password: 'Meet@123' }
  const choicesIn = (answer: Answer) =>
    stepIn<{ choices: { id: string; company: string }[] }>(answer, 'company').choices

  test('says which to act for; a foreign one is no choice', async () => {
    const app = await newApp(shop)
    const first = await app.begin({ username: B2B.email, password: B2B.password })
    const choices = choicesIn(first)
    expect(choices.length).toBe(2)
    const foreign = await app.ask({ company_user_id: 'ebf4b55a-cab0-5ed0-8fb7-525a3eeedeac' })
    expect([foreign.status, problemIn(foreign)]).toEqual([403, 'unknown_company'])
    expect(choicesIn(foreign)).toEqual(choices)
    const chosen = String(choices[1]?.id)
    const { body } = await app.ask({ company_user_id: chosen })
    const tokens = await app.redeem(body.authorization_code)
    expect(decode(String(tokens.body.access_token)).payload.id_company_user).toBe(chosen)
    const refreshed = await app.refresh(tokens.body.refresh_token)
    expect(decode(String(refreshed.body.access_token)).payload.id_company_user).toBe(chosen)
  })

  test('may name it, or none, with the first request', async () => {
    const app = await newApp(shop)
    const login = { username: B2B.email, password: B2B.password }
    expect((await app.begin({ ...login, company_user_id: 'none' })).status).toBe(200)
    expect(problemIn(await app.begin({ ...login, company_user_id: 'nobody’s' }))).toBe('unknown_company')
  })

  test('is asked nothing when there is one company', async () => {
    const app = await newApp(shop)
    const { tokens } = await signedIn(app, { email: 'sonia@spryker.com', password: 'change123' })
    expect(decode(String(tokens.access_token)).payload.id_company_user).toEqual(expect.any(String))
  })
})

describe('an acr in claims that is no text', () => {
  const values: readonly unknown[] = [{ toString: 1 }, { valueOf: null, toString: null }, [[{ toString: 1 }]], 1, null]
  const claimsOf = (acr: object) => ({ claims: JSON.stringify({ id_token: { acr } }) })

  test('is a wish that nothing meets, or a demand that nobody meets', async () => {
    const { email: username, password } = await shop.addCustomer()
    for (const value of values)
      for (const asked of [{ value }, { values: [value] }]) {
        const app = await newApp(shop)
        const wished = await app.begin({ username, password, ...claimsOf(asked) })
        expect([wished.status, wished.body.error], JSON.stringify(asked)).toEqual([200, undefined])
        const demanded = await app.begin({ username, password, ...claimsOf({ ...asked, essential: true }) })
        expect([200, 400], demanded.text).toContain(demanded.status)
      }
  })

  test('is none at the authorization endpoint either, for a person who is signed in', async () => {
    const { email: login, password } = await shop.addCustomer()
    const visitor = shop.visitor()
    const request = { client_id: APP, response_type: 'code', scope: 'openid', redirect_uri: CALLBACK }
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    for (const value of values) {
      const fields = { ...request, ...challenge, ...claimsOf({ value }) }
      let page = await visitor.open(`/authorize?${new URLSearchParams(fields)}`)
      if (!isSignedIn(page)) page = await visitor.submit(page, '/login', { login, password })
      expect(isSignedIn(page), page.url).toBe(true)
      expect(new URL(page.url).searchParams.get('error')).toBeNull()
    }
  })
})

describe('an app that shows some steps only', () => {
  test('is offered these, and the browser where none of them leads on', async () => {
    const customer = await shop.enrol()
    const app = await newApp(shop)
    expect(stepsIn(await app.begin({ steps: 'password' }))).toEqual(['identifier', 'password'])
    const answer = await app.ask({ username: customer.email, password: customer.password })
    expect([answer.status, answer.body.error]).toEqual([403, 'redirect_to_web'])
  })
})

describe('the way to the browser', () => {
  test('is a request that opens once, where the app sent a challenge', async () => {
    const app = await newApp(shop)
    const { body } = await app.begin({ register: 'true', redirect_uri: 'http://localhost:8080/callback', state: 's-1' })
    expect(body).toMatchObject({
      error: 'redirect_to_web',
      request_uri: expect.stringMatching(/^urn:/),
      expires_in: 60,
    })
    const visitor = shop.visitor()
    const customer = await shop.addCustomer()
    const address = `/authorize?${new URLSearchParams({ client_id: APP, request_uri: String(body.request_uri) })}`
    const login = await visitor.open(address)
    const page = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
    expect(isSignedIn(page)).toBe(true)
    expect(new URL(page.url).searchParams.get('state')).toBe('s-1')
    const code = new URL(page.url).searchParams.get('code') ?? undefined
    const tokens = await app.redeem(code, { redirect_uri: 'http://localhost:8080/callback' })
    expect(tokens.status, tokens.text).toBe(200)
    expect((await shop.visitor().open(address)).url).toContain('error=')
  })

  test('is over after a minute', async () => {
    const app = await newApp(shop)
    const { body } = await app.begin({ register: 'true', redirect_uri: 'http://localhost:8080/callback' })
    const address = `/authorize?${new URLSearchParams({ client_id: APP, request_uri: String(body.request_uri) })}`
    expect((await later(() => shop.visitor().open(address), 61)).url).not.toContain('/interaction/')
  })

  test('is left to the app where the request asks for authorization details, which need a page', async () => {
    const app = await newApp(shop)
    const details = { authorization_details: '[{"type":"any"}]', redirect_uri: 'http://localhost:8080/callback' }
    const { status, body } = await app.begin(details)
    expect([status, body.error, body.request_uri]).toEqual([403, 'redirect_to_web', undefined])
  })

  test('is left to the app where it sent none', async () => {
    const app = await newApp(shop, { clientId: 'shop-backend', isBare: true })
    const authorization = `Basic ${Buffer.from('shop-backend:a-secret-of-the-backend-of-the-shop').toString('base64')}`
    const { status, body } = await app.begin(
      { register: 'true', client_id: undefined, code_challenge: undefined, code_challenge_method: undefined },
      { authorization },
    )
    expect([status, body.error, body.request_uri]).toEqual([403, 'redirect_to_web', undefined])
  })

  test('is the answer to ten wrong proofs in one sign-in', async () => {
    const { email: username } = await shop.addCustomer()
    const app = await newApp(shop)
    await app.begin({ username })
    const errors = []
    for (let tries = 0; tries < 10; tries++) errors.push((await app.ask({ passkey: '{}' })).body.error)
    expect(errors.at(-2)).toBe('insufficient_authorization')
    expect(errors.at(-1)).toBe('redirect_to_web')
    expect((await app.ask({ username })).body.error).toBe('invalid_session')
  })
})
