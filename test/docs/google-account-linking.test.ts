import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { read } from '../endpoints/client.ts'
import { type LocalIssuer, startLocalIssuer } from '../issuers/local-issuer.ts'
import { postForm } from '../support/http.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
let google: LocalIssuer
beforeAll(async () => {
  shop = await startPageServer({ REGISTRATION: 'open' })
  google = await startLocalIssuer()
})
afterAll(async () => {
  await shop?.stop()
  await google?.stop()
})

test('goes as its page says: a client for Google, the end of a link, streamlined linking, and stopping it', async () => {
  const { url } = shop.server
  const page = 'docs/how-to/google-account-linking.md'
  const walk = shop.walk(page, { 'https://accounts.google.com': google.issuer }, { ISSUER: url, GOOGLE_SECRET: 'none' })
  const [secret = ''] = /^[\w-]{43}$/m.exec(await walk.next('--preset google')) ?? []
  expect(secret).not.toBe('')
  await walk.next('resource_scopes')
  const { body } = await ask(shop.server, shop.token, 'GET', '/v1/clients/google')
  expect(body).toMatchObject({
    metadata: { resource_scopes: ['orders:read'], redirect_uris: [expect.any(String), expect.any(String)] },
  })
  const ended = await walk.next('refresh_token=ended', { $GOOGLE_SECRET: secret })
  expect(JSON.parse(ended)).toMatchObject({ error: 'invalid_grant' })

  expect(await walk.next('google-linking.json')).toContain('google: 1 usable keys')
  const trade = async (intent: string, sub: string) => {
    const aud = '1234567890.apps.googleusercontent.com'
    const assertion = await google.assert({ aud, sub, email: `${sub}@gmail.com`, email_verified: true })
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    return read(postForm(`${url}/token`, { grant_type, intent, assertion, client_id: 'google', client_secret: secret }))
  }
  expect(await trade('check', 'somebody')).toMatchObject({ status: 404, body: { account_found: 'false' } })
  expect(await trade('create', 'somebody')).toMatchObject({ status: 200, body: { refresh_token: expect.any(String) } })
  expect(await trade('check', 'somebody')).toMatchObject({ status: 200, body: { account_found: 'true' } })
  await walk.next('issuers disable')
  expect((await trade('check', 'somebody')).status).toBeGreaterThanOrEqual(400)
  walk.end()
})
