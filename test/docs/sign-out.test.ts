import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { authorizationUrl, introspect, obtainCode, pkce, read, refresh, sonia, submit } from '../endpoints/client.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { startPageServer } from './page-server.ts'

const CALLBACK = 'https://shop.example/callback'
const GOODBYE = 'https://shop.example/goodbye'
const SECRET = 'the-secret-of-the-shop-in-this-test-0123456789'
const shopAuth = basicAuth('shop', SECRET)

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
  const metadata = {
    client_id: 'shop',
    first_party: true,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [CALLBACK],
    introspects: ['urn:vestibule:commerce'],
  }
  await ask(shop.server, shop.token, 'POST', '/v1/clients', { metadata, secret: SECRET })
})
afterAll(() => shop?.stop())

async function redeemed({ code, verifier }: { code: string; verifier: string }) {
  const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: verifier }
  const { body } = await read(postForm(`${shop.server.url}/token`, form, shopAuth))
  return body as { id_token: string; access_token: string; refresh_token: string }
}

async function signedIn() {
  const fields = { client_id: 'shop', redirect_uri: CALLBACK, scope: 'openid email' }
  const { code, jar, verifier } = await obtainCode(shop.server.url, fields)
  return { jar, tokens: await redeemed({ code, verifier }) }
}

test('goes as its page says: with a hint, without one, by revocation, and everywhere', async () => {
  const url = shop.server.url
  const first = await signedIn()
  const walk = shop.walk(
    'docs/how-to/sign-out.md',
    { 'https://id.shop.example': url, 'sonia@shop.example': sonia.username },
    { shop_secret: SECRET, ...first.tokens },
  )
  const isActive = async (token: string) => (await introspect(url, token, shopAuth)).active
  const isRefreshed = async (token: string) =>
    (await refresh(url, token, { client_id: undefined }, shopAuth)).status === 200
  await walk.next('post_logout_redirect_uris')

  const another = await signedIn()
  const withHint = (await walk.next('id_token_hint')).trim()
  const answer = await first.jar.fetch(withHint)
  expect(answer.headers.get('location')).toBe(`${GOODBYE}?state=bye`)
  expect([await isActive(first.tokens.access_token), await isRefreshed(first.tokens.refresh_token)]).toEqual([
    false,
    false,
  ])
  expect(await isActive(another.tokens.access_token)).toBe(true)

  const second = await signedIn()
  const page = await second.jar.follow(await second.jar.fetch((await walk.next('client_id=shop')).trim()), {})
  expect(page.response.status).toBe(200)
  expect(await isActive(second.tokens.access_token)).toBe(true)
  const after = await submit(second.jar, page, { logout: 'yes' }, GOODBYE)
  expect(after.url).toBe(`${GOODBYE}?state=bye`)
  expect(await isActive(second.tokens.access_token)).toBe(false)

  const third = await signedIn()
  const printed = await walk.next('/revoke', {
    $refresh_token: third.tokens.refresh_token,
    $access_token: third.tokens.access_token,
  })
  expect(printed).toBe('200\n{"active":false}')
  const again = await third.jar.follow(await third.jar.fetch(authorize(url, pkce().challenge)), { stopAt: CALLBACK })
  expect(new URL(again.url).searchParams.has('code')).toBe(true)

  const everywhere = await walk.next('customers sign-out')
  expect(everywhere).toContain('no active sign-in')
  expect(await isActive(another.tokens.access_token)).toBe(false)
  walk.end()
})

test('an app with offline_access goes on after the sign-out, as the page says', async () => {
  const url = shop.server.url
  const { jar } = await signedIn()
  const { verifier, challenge } = pkce()
  const asked = authorize(url, challenge).replace('email', 'offline_access')
  const consent = await jar.follow(await jar.fetch(`${asked}&prompt=consent`))
  const { url: back } = await submit(jar, consent, { decision: 'allow' }, CALLBACK)
  const tokens = await redeemed({ code: new URL(back).searchParams.get('code') ?? '', verifier })
  const page = await jar.follow(await jar.fetch(`${url}/logout?client_id=shop`))
  await submit(jar, page, { logout: 'yes' })
  const again = await jar.follow(await jar.fetch(authorize(url, challenge)), { stopAt: CALLBACK })
  expect(again.url).not.toContain(CALLBACK)
  expect((await refresh(url, tokens.refresh_token, { client_id: undefined }, shopAuth)).status).toBe(200)
})

function authorize(url: string, challenge: string): string {
  const fields = { client_id: 'shop', redirect_uri: CALLBACK, scope: 'openid email' }
  return authorizationUrl(url, { ...fields, code_challenge: challenge, code_challenge_method: 'S256' })
}
