import { generate } from 'otplib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCli } from '../cli/run-cli.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type Asked, administratorOf, ask, OWNER, PASSWORD } from './administrators.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

const FACTOR = '/v1/self/second-factor'
const signIn = (email: string, code?: string, password = PASSWORD, at = server) =>
  ask(at, undefined, 'POST', '/v1/sign-in', { email, password, ...(code !== undefined && { code }) })
const sessionOf = ({ body }: Asked) => String(body.session)
const problem = ({ status, body }: Asked) => [status, body.code]
const isAlive = async (bearer: string, at = server) => (await ask(at, bearer, 'GET', '/v1/self')).status === 200

/** Codes of one app, each of a time step of its own: a code is good once. */
function appOf(secret: string) {
  let step = 0
  return () => generate({ secret, epoch: Math.floor(Date.now() / 1000) + 30 * step++ })
}

/** An administrator with a second factor; their recovery codes, and an app that is good for two codes. */
async function enrolled(role: 'viewer' | 'support' | 'security' | 'owner' = 'support', at = server) {
  const person = await administratorOf(at, role)
  const begun = await ask(at, person.session, 'POST', FACTOR, { current: PASSWORD })
  expect(begun.status).toBe(201)
  const nextCode = appOf(String(begun.body.secret))
  const confirmed = await ask(at, person.session, 'POST', `${FACTOR}/confirm`, { code: await nextCode() })
  expect(confirmed.status).toBe(200)
  return { ...person, nextCode, recoveryCodes: confirmed.body.recoveryCodes as string[] }
}

async function eventsOf(type: string) {
  const { body } = await ask(server, OWNER, 'GET', `/v1/audit?type=${type}`)
  return body.items as { actor: string; reason: string }[]
}

describe('an administrator with a second factor', () => {
  test('is signed out once it is confirmed, and needs a code from then on', async () => {
    const { id, email, session, nextCode } = await enrolled()
    expect(await isAlive(session)).toBe(false)
    expect(problem(await signIn(email))).toEqual([401, 'second-factor-required'])
    expect(problem(await signIn(email, '000000'))).toEqual([401, 'wrong-login'])
    const code = await nextCode()
    const again = await signIn(email, code)
    expect(again.status).toBe(200)
    expect(problem(await signIn(email, code)), 'a code is good once').toEqual([401, 'wrong-login'])
    expect((await ask(server, sessionOf(again), 'GET', FACTOR)).body).toEqual({
      hasSecondFactor: true,
      recoveryCodesLeft: 10,
      isRequired: false,
    })
    const { body } = await ask(server, OWNER, 'GET', '/v1/administrators?limit=200')
    expect(body.items).toContainEqual(expect.objectContaining({ id, hasSecondFactor: true }))
    expect(await eventsOf('administrator.second-factor-added')).toContainEqual(
      expect.objectContaining({ actor: `administrator:${id}` }),
    )
  })

  test('a wrong password is refused as such, with a code and without', async () => {
    const { email, nextCode } = await enrolled()
    expect(problem(await signIn(email, undefined, 'wrong'))).toEqual([401, 'wrong-login'])
    expect(problem(await signIn(email, await nextCode(), 'wrong'))).toEqual([401, 'wrong-login'])
  })

  test('wrong codes lock as wrong passwords do, recovery codes included', async () => {
    const { email, recoveryCodes } = await enrolled()
    for (let index = 0; index < 9; index++) {
      const wrong = index % 2 ? `${100_000 + index}` : `abcd-efgh-jkmn-pq${index}a`
      expect(problem(await signIn(email, wrong))).toEqual([401, 'wrong-login'])
    }
    expect(problem(await signIn(email, recoveryCodes[0]))).toEqual([429, 'locked'])
  })

  test('a recovery code lets in once, however it is typed, and one of many at once', async () => {
    const { email, recoveryCodes } = await enrolled()
    const [first = '', second = ''] = recoveryCodes
    expect(recoveryCodes).toHaveLength(10)
    expect((await signIn(email, first.toUpperCase().replaceAll('-', ' '))).status).toBe(200)
    expect((await signIn(email, first)).status).toBe(401)
    const raced = await Promise.all(Array.from({ length: 4 }, async () => (await signIn(email, second)).status))
    expect(raced.sort()).toEqual([200, 401, 401, 401])
  })

  test('new recovery codes need password and code, and end the earlier ones', async () => {
    const { email, recoveryCodes, nextCode } = await enrolled()
    const session = sessionOf(await signIn(email, await nextCode()))
    const renew = (body: object) => ask(server, session, 'POST', `${FACTOR}/recovery-codes`, body)
    expect(problem(await renew({ current: PASSWORD }))).toEqual([400, 'invalid-body'])
    expect(problem(await renew({ current: 'wrong', code: recoveryCodes[0] }))).toEqual([401, 'wrong-login'])
    expect(problem(await renew({ current: PASSWORD, code: '000000' }))).toEqual([401, 'wrong-login'])
    const { body } = await renew({ current: PASSWORD, code: recoveryCodes[0] })
    const [renewed = ''] = body.recoveryCodes as string[]
    expect((await signIn(email, recoveryCodes[1])).status).toBe(401)
    expect((await signIn(email, renewed)).status).toBe(200)
  })

  test('removes it with password and code alone, and its recovery codes with it', async () => {
    const { id, email, recoveryCodes, nextCode } = await enrolled()
    const session = sessionOf(await signIn(email, await nextCode()))
    const remove = (code: string) => ask(server, session, 'POST', `${FACTOR}/remove`, { current: PASSWORD, code })
    expect(problem(await ask(server, session, 'POST', FACTOR, { current: PASSWORD }))).toEqual([
      409,
      'second-factor-exists',
    ])
    expect((await remove('000000')).status).toBe(401)
    expect((await remove(recoveryCodes[0] ?? '')).status).toBe(204)
    expect((await signIn(email)).status).toBe(200)
    const begun = await ask(server, session, 'POST', FACTOR, { current: PASSWORD })
    const confirmed = { code: await appOf(String(begun.body.secret))() }
    expect((await ask(server, session, 'POST', `${FACTOR}/confirm`, confirmed)).status).toBe(200)
    expect((await signIn(email, recoveryCodes[1])).status, 'a code of before').toBe(401)
    expect(await eventsOf('administrator.second-factor-removed')).toContainEqual(
      expect.objectContaining({ actor: `administrator:${id}` }),
    )
  })

  test('changes the password with the session and the current one, as before', async () => {
    const { email, nextCode, recoveryCodes } = await enrolled()
    const session = sessionOf(await signIn(email, await nextCode()))
    const next = 'another horse, another staple'
    const change = (current: string) => ask(server, session, 'POST', '/v1/self/password', { current, password: next })
    expect((await change('wrong')).status).toBe(401)
    expect((await change(PASSWORD)).status).toBe(204)
    expect((await signIn(email, recoveryCodes[0], next)).status).toBe(200)
  })

  test('begins only with the password, confirms only with a right code, and needs none until then', async () => {
    const { email, session } = await administratorOf(server, 'viewer')
    expect((await ask(server, session, 'POST', FACTOR, { current: 'wrong' })).status).toBe(401)
    expect(problem(await ask(server, session, 'POST', `${FACTOR}/confirm`, { code: '123456' }))).toEqual([
      409,
      'wrong-code',
    ])
    expect((await ask(server, session, 'POST', FACTOR, { current: PASSWORD })).status).toBe(201)
    expect((await ask(server, session, 'POST', `${FACTOR}/confirm`, { code: '000000' })).status).toBe(409)
    expect((await signIn(email)).status).toBe(200)
  })
})

describe('the second factor of another', () => {
  const reset = (bearer: string, id: string) =>
    ask(server, bearer, 'POST', `/v1/administrators/${id}/second-factor/remove`)

  test('is removed by an owner, who is named in the trail; sessions and recovery codes end with it', async () => {
    const { id, email, nextCode, recoveryCodes } = await enrolled('security')
    const session = sessionOf(await signIn(email, await nextCode()))
    const owner = await administratorOf(server, 'owner')
    expect((await reset(owner.session, id)).status).toBe(200)
    expect(await isAlive(session)).toBe(false)
    expect((await signIn(email)).status).toBe(200)
    expect(problem(await reset(owner.session, id))).toEqual([409, 'no-second-factor'])
    expect(recoveryCodes).toHaveLength(10)
    expect(await eventsOf('administrator.second-factor-reset')).toContainEqual(
      expect.objectContaining({ actor: `administrator:${owner.id}`, reason: expect.stringContaining(id) }),
    )
  })

  test('is removed by nobody of a lower role, and not by its owner without a code', async () => {
    const { id, email, nextCode } = await enrolled('owner')
    const security = await administratorOf(server, 'security')
    expect((await reset(security.session, id)).status).toBe(403)
    const session = sessionOf(await signIn(email, await nextCode()))
    expect(problem(await reset(session, id))).toEqual([409, 'own-second-factor'])
  })

  test('is removed from the command line of the server', async () => {
    const { id, email } = await enrolled()
    const environment = { ADMIN_URL: server.adminUrl, ADMIN_TOKEN: OWNER }
    expect(await runCli(['administrators', 'reset-second-factor', id], environment)).toMatchObject({
      code: 0,
      stdout: `${email} has no second factor any more, and is signed out\n`,
    })
    expect((await signIn(email)).status).toBe(200)
  })
})

test('an admin token needs no second factor and has none', async () => {
  const { body } = await ask(server, OWNER, 'POST', '/v1/admin-tokens', { name: 'without-factor', role: 'viewer' })
  expect(problem(await ask(server, String(body.token), 'GET', FACTOR))).toEqual([409, 'no-password'])
  expect(problem(await ask(server, String(body.token), 'POST', FACTOR, { current: PASSWORD }))).toEqual([
    409,
    'no-password',
  ])
})

describe('with ADMINISTRATOR_SECOND_FACTOR=required', () => {
  let strict: TestServer
  beforeAll(async () => {
    strict = await startTestServer({ ADMIN_TOKEN: OWNER, ADMINISTRATOR_SECOND_FACTOR: 'required' })
  })
  afterAll(() => strict?.stop())

  test('an administrator without one may do nothing but set one up', async () => {
    const person = await administratorOf(strict, 'owner')
    const may = (bearer: string, path: string) => ask(strict, bearer, 'GET', path)
    expect(problem(await may(person.session, '/v1/clients'))).toEqual([403, 'second-factor-needed'])
    expect(
      problem(await ask(strict, person.session, 'POST', '/v1/admin-tokens', { name: 'x', role: 'owner' })),
    ).toEqual([403, 'second-factor-needed'])
    expect((await may(person.session, '/v1/self')).body).toMatchObject({ lacksSecondFactor: true })
    const { email, nextCode } = await enrolled('owner', strict)
    const session = sessionOf(await signIn(email, await nextCode(), PASSWORD, strict))
    expect((await may(session, '/v1/clients')).status).toBe(200)
  })

  test('admin tokens go on as they were', async () => {
    const { body } = await ask(strict, OWNER, 'POST', '/v1/admin-tokens', { name: 'a-program', role: 'viewer' })
    expect((await ask(strict, String(body.token), 'GET', '/v1/clients')).status).toBe(200)
  })

  test('the console leads to the page that sets one up', async () => {
    const person = await administratorOf(strict, 'viewer')
    const open = await fetch(`${strict.adminUrl}/console/sign-in`)
    const html = await open.text()
    const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
    const cookie = open.headers.getSetCookie().map((each) => each.split(';')[0])
    const form = { csrf, way: 'password', email: person.email, password: PASSWORD, code: '', to: '' }
    const signedIn = await fetch(`${strict.adminUrl}/console/sign-in`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { cookie: cookie.join('; '), origin: strict.adminUrl },
      redirect: 'manual',
    })
    const session = signedIn.headers.getSetCookie().map((each) => each.split(';')[0])
    for (const path of ['/console/', '/console/clients', '/console/keys']) {
      const page = await fetch(strict.adminUrl + path, { headers: { cookie: session.join('; ') }, redirect: 'manual' })
      expect([page.status, page.headers.get('location')]).toEqual([303, '/console/second-factor'])
    }
  })
})
