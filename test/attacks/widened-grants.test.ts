import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, obtainCode, read, redeem, refresh, signIn, sonia, submit, tokensOf } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const NOWHERE = 'http://client.invalid'
const WIDER = 'openid email profile customer company orders:read offline_access'

/** What a person allowed, or a token has, is the most that comes of it, whatever the next request asks for. */
let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server?.stop())

async function deviceCode(): Promise<string> {
  const { body } = await read(
    postForm(`${server.url}/device_authorization`, { client_id: 'device-app', scope: 'openid customer' }),
  )
  const jar = createCookieJar()
  let page = await submit(jar, await jar.follow(await jar.fetch(`${server.url}/device`)), body, NOWHERE)
  page = await submit(jar, page, { confirm: 'yes' }, NOWHERE)
  page = await signIn(jar, page, sonia, NOWHERE)
  if (page.url.includes('/interaction/')) await submit(jar, page, { decision: 'allow' }, NOWHERE)
  return body.device_code
}

/** Ways on from what was granted as "openid customer" to tokens, with fields that ask for more. */
const WAYS: Readonly<Record<string, (fields: Record<string, string>) => Promise<Response>>> = {
  'a code': async (fields) => {
    const { code, verifier } = await obtainCode(server.url, { scope: 'openid customer' })
    return redeem(server.url, code, verifier, fields)
  },
  'a device code': async (fields) =>
    postForm(`${server.url}/token`, {
      grant_type: DEVICE_CODE,
      device_code: await deviceCode(),
      client_id: 'device-app',
      ...fields,
    }),
  'a refresh token': async (fields) => {
    const { refresh_token } = await tokensOf(server.url, { scope: 'openid customer' })
    return refresh(server.url, refresh_token, fields)
  },
}

const BEYOND: readonly Record<string, string>[] = [
  { scope: WIDER },
  { resource: 'urn:vestibule:warehouse', scope: 'stock:read' },
]

test.each(Object.entries(WAYS))('%s gives no scope and no audience beyond what was granted', async (_, goOn) => {
  const granted = await read(goOn({}))
  expect([granted.status, granted.body.scope]).toEqual([200, 'openid customer'])
  const { aud } = await introspect(server.url, granted.body.access_token)
  for (const fields of BEYOND) {
    const { status, body } = await read(goOn(fields))
    if (status !== 200) expect(body.error).toMatch(/^invalid_(scope|target|grant|request)$/)
    else expect([body.scope, (await introspect(server.url, body.access_token)).aud]).toEqual(['openid customer', aud])
  }
})
