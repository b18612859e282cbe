import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask as askAdmin } from '../../admin/administrators.ts'
import { CALLBACK, decode, pkce, requestTokens, revoke } from '../../endpoints/client.ts'
import { aMinuteLater, bearer, type FactorShop } from '../../interaction/factor-shop.ts'
import { later } from '../../support/clock.ts'
import { postJson } from '../../support/http.ts'
import { type Answer, APP, addClient, newApp, ORIGIN, PATH, signedIn, startAppShop, stepsIn, WEEK } from './app.ts'

const NOBODY = 'nobody-at-all@example.com'
let shop: FactorShop
let url: string
beforeAll(async () => {
  shop = await startAppShop({ LOCKOUT_ATTEMPTS: '5' }, { captureLog: true })
  url = shop.server.url
})
afterAll(() => shop?.stop())

const problemIn = ({ body }: Answer) => body.problem?.code
/** What a caller sees of an answer, without what is new in each. */
function seen({ status, headers, body }: Answer) {
  const { auth_session: _value, next, ...rest } = body
  const names = [...headers.keys()].filter((name) => !['content-length', 'date'].includes(name)).sort()
  const steps = next?.map(({ options: _options, ...step }) => step)
  return { status, names, steps, ...rest }
}

describe('nobody learns who has an account', () => {
  async function logins(): Promise<string[]> {
    const [known, blocked] = [await shop.addCustomer(), await shop.addCustomer({ status: 'blocked' })]
    return [known.email, blocked.email, NOBODY]
  }

  test.each([
    ['from the login alone', (username: string) => ({ username })],
    ['from a wrong password', (username: string) => ({ username, password: 'wrong' })],
    ['from a code that is asked for', (username: string) => ({ username, send: 'email_code' })],
    ['from a wrong code', (username: string) => ({ username, email_code: 'zzzzzz' })],
  ])('%s: every login gets the same answer', async (_, fields) => {
    const answers = []
    for (const login of await logins()) answers.push(seen(await (await newApp(shop)).begin(fields(login))))
    expect(answers[0]?.status).toBe(403)
    expect(answers).toEqual([answers[0], answers[0], answers[0]])
  })

  test('and a blocked customer’s right password is a wrong one', async () => {
    const blocked = await shop.addCustomer({ status: 'blocked' })
    const app = await newApp(shop)
    const right = seen(await app.begin({ username: blocked.email, password: blocked.password }))
    expect(right).toEqual(seen(await app.begin({ username: NOBODY, password: 'wrong' })))
  })

  test('and one mail goes to the account there is', async () => {
    const [known = '', blocked = ''] = await logins()
    for (const username of [known, blocked, NOBODY]) await (await newApp(shop)).begin({ username, send: 'email_code' })
    await shop.sink.mailTo(known)
    expect([known, blocked, NOBODY].map((login) => shop.sink.mailsTo(login).length)).toEqual([1, 0, 0])
  })
})

describe('the lockout is the same as at every other endpoint', () => {
  const grant = (username: string, password: string) => requestTokens(url, { client_id: APP, username, password })

  test('wrong passwords here lock the password grant, and the answer says when to come back', async () => {
    const { email: username, password } = await shop.addCustomer()
    for (let tries = 0; tries < 5; tries++) await (await newApp(shop)).begin({ username, password: `wrong ${tries}` })
    expect((await grant(username, password)).status).toBe(400)
    const answer = await (await newApp(shop)).begin({ username, password })
    expect([answer.status, problemIn(answer)]).toEqual([403, 'throttled'])
    expect(Number(answer.headers.get('retry-after'))).toBe(answer.body.problem?.retry_after)
  })

  test('and the other way round', async () => {
    const { email: username, password } = await shop.addCustomer()
    for (let tries = 0; tries < 5; tries++) await grant(username, `wrong ${tries}`)
    expect(problemIn(await (await newApp(shop)).begin({ username, password }))).toBe('throttled')
  })
})

describe('auth_session', () => {
  test('is another value in each answer; the one before works once more, for ten seconds', async () => {
    const app = await newApp(shop)
    const values = [String((await app.begin()).body.auth_session)]
    for (let count = 0; count < 3; count++) values.push(String((await app.ask({ username: 'a' })).body.auth_session))
    expect(new Set(values).size).toBe(4)
    for (const value of values) expect(value).toMatch(/^[\w-]{43,}$/)
    const [oldest, , previous, current] = values
    expect((await app.ask({ auth_session: oldest })).body.error).toBe('invalid_session')
    const repeated = await app.ask({ auth_session: previous })
    expect(repeated.status).toBe(403)
    expect((await app.ask({ auth_session: previous })).body.error).toBe('invalid_session')
    expect((await app.ask({ auth_session: current })).status).toBe(403)
  })

  test('of before is over when the ten seconds are', async () => {
    const app = await newApp(shop)
    const before = (await app.begin()).body.auth_session
    await app.ask({ username: 'a' })
    expect((await later(() => app.ask({ auth_session: before }), 11)).body.error).toBe('invalid_session')
  })

  test('of one sign-in wins once, however many requests come with it and the right code', async () => {
    const customer = await shop.enrol()
    const app = await newApp(shop)
    await app.begin({ username: customer.email, password: customer.password })
    const [auth_session, otp] = [app.authSession, await customer.code()]
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.ask({ auth_session, otp })))
    expect(answers.filter(({ status }) => status === 200).length).toBe(1)
    expect(answers.filter(({ status }) => status >= 500)).toEqual([])
  })

  test.each([
    ['with a key', false],
    ['without', true],
  ])('of a sign-in %s wins once, however many right passwords come at once', async (_, isBare) => {
    const { email: username, password } = await shop.addCustomer()
    const app = await newApp(shop, { isBare })
    const auth_session = (await app.begin({ username })).body.auth_session
    const answers = await Promise.all(Array.from({ length: 10 }, () => app.ask({ auth_session, password })))
    expect(answers.filter(({ status }) => status === 200).length).toBe(1)
  })

  test('is over after a quarter of an hour', async () => {
    const app = await newApp(shop)
    await app.begin()
    expect((await later(() => app.ask({ username: 'a' }), 901)).body.error).toBe('invalid_session')
  })

  test('goes on after the code: at once where nothing is missing, with everything again for max_age=0', async () => {
    const customer = await shop.addCustomer()
    const app = await newApp(shop)
    await signedIn(app, customer)
    const again = await app.ask({ scope: 'openid' })
    expect(again.status).toBe(200)
    expect((await app.redeem(again.body.authorization_code)).status).toBe(200)
    const asked = await aMinuteLater(() => app.ask({ max_age: '0' }))
    expect(stepsIn(asked)).toEqual(['password', 'email_code', 'passkey'])
    const other = await shop.addCustomer()
    const stranger = await app.ask({ username: other.email, password: other.password })
    expect(problemIn(stranger)).toBe('wrong_credentials')
    const { status, body, text } = await aMinuteLater(() =>
      app.ask({ username: customer.email, password: customer.password }),
    )
    expect(status, text).toBe(200)
    const tokens = await app.redeem(body.authorization_code)
    expect(Number(decode(String(tokens.body.id_token)).payload.auth_time)).toBeGreaterThan(Date.now() / 1000 + 30)
  })
})

describe('a sign-in that is kept ends', () => {
  const byId = new Map<string, { email: string; password: string }>()
  const ENDINGS: readonly [
    string,
    (customer: { id: string }, tokens: { refresh_token?: string }) => Promise<unknown>,
  ][] = [
    [
      'by signing out everywhere',
      ({ id }) => postJson(`${shop.server.adminUrl}/v1/sign-outs`, { of: 'customer', id }, bearer),
    ],
    [
      'when the password is changed',
      async ({ id }) => {
        const visitor = shop.visitor()
        const { email, password } = byId.get(id) ?? { email: '', password: '' }
        await visitor.submit(await visitor.open('/recovery'), '/recovery', { login: email })
        const page = await visitor.open((await shop.sink.mailTo(email)).link)
        const fields = { password: `${password} and more`, repeated: `${password} and more` }
        expect((await visitor.submit(page, '/recovery/new', fields)).status).toBe(200)
      },
    ],
    [
      'when the customer is blocked',
      ({ id }) => postJson(`${shop.server.adminUrl}/v1/customers/${id}/block`, {}, bearer),
    ],
    [
      'when its refresh token is revoked',
      (_, { refresh_token }) => revoke(url, String(refresh_token), { client_id: APP }),
    ],
  ]
  test.each(ENDINGS)('%s', async (_, end) => {
    const customer = await shop.addCustomer()
    byId.set(customer.id, customer)
    const app = await newApp(shop)
    const { tokens } = await signedIn(app, customer)
    const ended = await end(customer, tokens)
    if (ended instanceof Response) expect(ended.ok, await ended.text()).toBe(true)
    const answer = await app.ask({ acr_values: 'phr' })
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_session'])
    expect((await app.refresh(tokens.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe('a page of another site', () => {
  const preflight = (origin: string, headers: string) =>
    fetch(url + PATH, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': headers },
    })

  test.each([
    ['https://evil.example', 'content-type,dpop', null],
    ['null', 'content-type,dpop', null],
    ['http://localhost:8080', 'content-type,dpop', null],
    [ORIGIN, 'content-type', null],
    [ORIGIN, 'content-type, DPoP', ORIGIN],
  ])('from %s with %s may ask: %s', async (origin, headers, allowed) => {
    const answer = await preflight(origin, headers)
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(allowed)
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase().includes('dpop') ?? false).toBe(
      allowed !== null,
    )
  })

  test('gets nothing without a proof, or from an origin that the client does not list', async () => {
    const customer = await shop.addCustomer()
    const login = { username: customer.email, password: customer.password }
    const bare = await (await newApp(shop, { isBare: true })).begin(login, { origin: ORIGIN })
    expect([bare.status, bare.body.error]).toEqual([400, 'invalid_dpop_proof'])
    const app = await newApp(shop)
    const strange = await app.begin(login, { origin: 'https://evil.example' })
    expect([strange.status, strange.headers.get('access-control-allow-origin')]).toEqual([400, null])
    const listed = await app.begin(login, { origin: ORIGIN })
    expect([listed.status, listed.headers.get('access-control-allow-origin')]).toEqual([200, ORIGIN])
  })
})

describe('a client that wants the second factor every week', () => {
  const clientId = 'weekly-app'

  test('gets it by a refusal of the refresh, and new tokens at the end', async () => {
    const customer = await shop.enrol()
    const app = await newApp(shop, { clientId })
    const { email: username, password } = customer
    const { body } = await app.begin({ username, password, otp: await customer.code() })
    const tokens = await app.redeem(body.authorization_code)
    const fresh = await app.refresh(tokens.body.refresh_token)
    expect(fresh.status).toBe(200)
    await later(async () => {
      const refused = await app.refresh(fresh.body.refresh_token)
      expect([refused.status, refused.body.error]).toEqual([403, 'insufficient_authorization'])
      expect(stepsIn(refused)).toEqual(['totp', 'recovery_code'])
      app.authSession = refused.body.auth_session
      const answer = await app.ask({ recovery_code: customer.recoveryCode() })
      expect(answer.status, answer.text).toBe(200)
      const renewed = await app.redeem(answer.body.authorization_code, { code_verifier: undefined })
      expect(renewed.status, renewed.text).toBe(200)
      expect((await app.refresh(renewed.body.refresh_token)).status).toBe(200)
    }, WEEK + 60)
  })

  test('and whose profile wants PKCE of all shows a challenge there as well', async () => {
    const client = { client_id: 'weekly-backend', client_secret: 'a-secret-of-the-weekly-backend' }
    await addClient(
      shop,
      {
        client_id: client.client_id,
        first_party: true,
        security_profile: 'oauth21',
        authorization_challenge: true,
        second_factor_max_age_seconds: WEEK,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'client_secret_post',
      },
      client.client_secret,
    )
    const customer = await shop.enrol()
    const app = await newApp(shop, { clientId: client.client_id, isBare: true })
    const { email: username, password } = customer
    const { body } = await app.begin({ ...client, username, password, otp: await customer.code() })
    const tokens = await app.redeem(body.authorization_code, client)
    await later(async () => {
      const refused = await app.refresh(tokens.body.refresh_token, client)
      expect(refused.status, refused.text).toBe(403)
      app.authSession = refused.body.auth_session
      const bare = await app.ask({ ...client, recovery_code: customer.recoveryCode() })
      expect([bare.status, bare.body.error], bare.text).toEqual([400, 'invalid_request'])
    }, WEEK + 60)
  })

  test('does not by a sign-in that was kept, nor by one that begins anew with the refusal', async () => {
    const customer = await shop.enrol()
    const app = await newApp(shop, { clientId })
    const { email: username, password } = customer
    const { body } = await app.begin({ username, password, otp: await customer.code() })
    const tokens = await app.redeem(body.authorization_code)
    await later(async () => {
      expect(stepsIn(await app.ask({ scope: 'openid' }))).toEqual(['totp', 'recovery_code'])
      const refused = await app.refresh(tokens.body.refresh_token)
      app.authSession = refused.body.auth_session
      const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
      expect((await app.ask({ response_type: 'code', ...challenge })).status).toBe(403)
    }, WEEK + 60)
  })

  test('leaves a customer without one alone', async () => {
    const app = await newApp(shop, { clientId })
    const { tokens } = await signedIn(app, await shop.addCustomer())
    expect((await later(() => app.refresh(tokens.refresh_token), WEEK + 60)).status).toBe(200)
  })
})

test('the audit trail has one entry for each attempt, with client and outcome, and nothing secret', async () => {
  const customer = await shop.enrol()
  const app = await newApp(shop)
  const { email: username, password } = customer
  const otp = await customer.code()
  await app.begin({ username, password: 'a wrong password' })
  await app.ask({ password })
  await app.ask({ otp: '000000' })
  const done = await app.ask({ otp })
  expect(done.status).toBe(200)
  const { body } = await askAdmin(
    shop.server,
    bearer.authorization.slice(7),
    'GET',
    `/v1/audit?customer=${customer.id}&limit=50`,
  )
  const text = JSON.stringify(body)
  const entries = (body.items ?? body.entries ?? body) as { type: string; clientId?: string; reason?: string }[]
  const logins = entries.filter(({ type }) => type.startsWith('login.')).filter(({ clientId }) => clientId === APP)
  expect(logins.map(({ type, reason }) => `${type} ${reason ?? ''}`).sort()).toEqual([
    'login.refused wrong-code',
    'login.refused wrong-password',
    'login.succeeded with a second factor: app',
  ])
  for (const secret of [
    password,
    otp,
    String(app.authSession),
    'a wrong password',
    String(done.body.authorization_code),
  ])
    expect(text).not.toContain(secret)
})

test('nothing that opens a sign-in is in the log', async () => {
  const customer = await shop.addCustomer()
  const app = await newApp(shop)
  const first = await app.begin({ username: customer.email })
  const { body } = await app.ask({ password: customer.password })
  const secrets = [first.body.auth_session, body.auth_session, body.authorization_code, customer.password].map(String)
  const log = shop.server.logLines.join('')
  expect(log).toContain(PATH)
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([])
})
