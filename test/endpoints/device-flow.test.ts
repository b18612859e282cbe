import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { decode, introspect, read, refresh, signIn, sonia, submit } from './client.ts'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

const start = async (fields: Record<string, string | undefined> = {}) =>
  read(postForm(`${server.url}/device_authorization`, { client_id: 'device-app', scope: 'openid customer', ...fields }))
const poll = (device_code: string, client_id = 'device-app') =>
  read(postForm(`${server.url}/token`, { grant_type: DEVICE_CODE, device_code, client_id }))

/** Types a code on the device page and walks on to the page that asks for permission. */
async function enter(user_code: string) {
  const jar = createCookieJar()
  const stopAt = 'http://client.invalid'
  const input = await jar.follow(await jar.fetch(`${server.url}/device`))
  const confirm = await submit(jar, input, { user_code }, stopAt)
  return { jar, stopAt, confirm }
}

/** Confirms the code, signs in and allows what the device asks for. */
async function allow(user_code: string) {
  const { jar, stopAt, confirm } = await enter(user_code)
  expect(await confirm.response.clone().text()).toContain(user_code)
  let page = await submit(jar, confirm, { confirm: 'yes' }, stopAt)
  page = await signIn(jar, page, sonia, stopAt)
  if (page.url.includes('/interaction/')) page = await submit(jar, page, { decision: 'allow' }, stopAt)
  return page
}

test('a device is told what to show and how often to ask (RFC 8628 §3.2)', async () => {
  const { status, headers, body } = await start()
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toContain('no-store')
  expect(body).toMatchObject({
    device_code: expect.stringMatching(/^[\w-]{43}$/),
    user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    verification_uri: `${server.url}/device`,
    verification_uri_complete: `${server.url}/device?user_code=${body.user_code}`,
    expires_in: 600,
  })
})

test('the whole way: pending, then tokens once the person allowed it, once', async () => {
  const { body: device } = await start()
  const pending = await poll(device.device_code)
  expect([pending.status, pending.body.error]).toEqual([400, 'authorization_pending'])

  const done = await allow(device.user_code)
  expect(done.response.status).toBe(200)
  const { status, body } = await poll(device.device_code)
  expect(status).toBe(200)
  expect(decode(body.access_token).payload).toMatchObject({ client_id: 'device-app', customer_reference: 'DE--21' })
  expect(decode(body.id_token).payload.aud).toBe('device-app')
  expect(await introspect(server.url, body.access_token)).toMatchObject({ active: true })
  expect((await refresh(server.url, body.refresh_token, { client_id: 'device-app' })).status).toBe(200)

  const again = await poll(device.device_code)
  expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
})

test('a code that the person sends away gives access_denied', async () => {
  const { body: device } = await start()
  const { jar, confirm } = await enter(device.user_code)
  await submit(jar, confirm, { abort: 'yes' })
  const { status, body } = await poll(device.device_code)
  expect([status, body.error]).toEqual([400, 'access_denied'])
})

test('a code is read without its dash and in small letters', async () => {
  const { body: device } = await start()
  const { confirm } = await enter(device.user_code.replace('-', ' ').toLowerCase())
  expect(await confirm.response.text()).toContain(device.user_code)
})

test('an unknown code and a used one read the same', async () => {
  const { body: device } = await start()
  await allow(device.user_code)
  const [used, unknown] = await Promise.all(
    [device.user_code, 'BBBB-BBBB'].map(async (code) => {
      const { confirm } = await enter(code)
      const problem = /<div class="notice notice-problem"[\s\S]*?<\/div>/.exec(await confirm.response.text())?.[0]
      return { status: confirm.response.status, problem }
    }),
  )
  expect(used?.problem).toEqual(expect.any(String))
  expect(unknown).toEqual(used)
})

describe('a user code sent in from nowhere', () => {
  test('without a session leads to a new form', async () => {
    for (const cookie of ['', 'vestibule_session=gone', 'vestibule_session=gone; vestibule_session.sig=forged']) {
      const answer = await postForm(`${server.url}/device`, { user_code: 'BBBB-BBBB', xsrf: 'x' }, { cookie })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/device'])
    }
  })

  test('with a session but without the page’s own secret is refused, and the form is shown again', async () => {
    const { body: device } = await start()
    const jar = createCookieJar()
    await jar.fetch(`${server.url}/device`)
    for (const xsrf of ['', 'forged']) {
      const body = new URLSearchParams({ user_code: device.user_code, confirm: 'yes', xsrf })
      const answer = await jar.fetch(`${server.url}/device`, { method: 'POST', body })
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('name="user_code"')
    }
    expect((await poll(device.device_code)).body.error).toBe('authorization_pending')
  })
})

test('an address that brings the code along sends itself on, by a script that its policy allows', async () => {
  const { body: device } = await start()
  const jar = createCookieJar()
  const response = await jar.fetch(device.verification_uri_complete)
  const html = await response.clone().text()
  const digest = createHash('sha256')
    .update(/<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '')
    .digest('base64')
  expect(response.headers.get('content-security-policy')).toContain(`script-src 'sha256-${digest}'`)
  const confirm = await submit(jar, { url: response.url, response }, {})
  expect(await confirm.response.text()).toContain(device.user_code)
})

test('a user code is not answered to a guess with markup in it', async () => {
  const { confirm } = await enter('"><script>alert(1)</script>')
  expect(await confirm.response.text()).not.toContain('<script>alert')
})

test.each<[string, string, () => Promise<{ status: number; body: { error: string } }>]>([
  ['of an unknown code', 'invalid_grant', () => poll('nonsense')],
  ['without a code', 'invalid_request', () => poll('')],
  ['of a code with a NUL', 'invalid_grant', () => poll('a\0')],
  [
    'by another client',
    'invalid_grant|unauthorized_client',
    async () => poll((await start()).body.device_code, 'frontend'),
  ],
  [
    'for a client that has no such grant',
    'unauthorized_client|invalid_request',
    () => start({ client_id: 'frontend' }),
  ],
  ['without a client', 'invalid_request', () => start({ client_id: undefined })],
])('a request %s is refused with %s', async (_, error, send) => {
  const { status, body } = await send()
  expect(status).toBe(400)
  expect(error.split('|')).toContain(body.error)
})
