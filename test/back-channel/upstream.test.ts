import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { decode, obtainCode, read, redeem } from '../endpoints/client.ts'
import { isSignedIn } from '../interaction/hosted-shop.ts'
import { basicAuth, postForm } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from '../upstreams/shop-with-upstreams.ts'
import { type Receiver, startReceiver } from './receiver.ts'

const CALLBACK = 'https://rp.example/callback'
const SECRET = 'a-secret-of-this-client-0123456789'
const EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} }

let shop: ShopWithUpstreams
let acme: LocalProvider
let receiver: Receiver
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  acme = await shop.addProvider('acme', 'oidc')
  receiver = await startReceiver()
  const metadata = {
    client_id: 'rp',
    first_party: true,
    redirect_uris: [CALLBACK],
    backchannel_logout_uri: receiver.uri,
    backchannel_logout_session_required: true,
  }
  expect((await ask(shop.server, OWNER, 'POST', '/v1/clients', { metadata, secret: SECRET })).status).toBe(201)
})
afterAll(async () => {
  await shop?.stop()
  await receiver?.stop()
})

/** A person who came by the provider, and is signed in at our client. */
async function signedIn(person: object) {
  acme.person = { email_verified: true, ...person }
  const visitor = shop.visitor()
  expect(isSignedIn(await comeBy(visitor, 'acme'))).toBe(true)
  const fields = { client_id: 'rp', redirect_uri: CALLBACK, scope: 'openid' }
  const { code, verifier } = await obtainCode(shop.server.url, fields, { jar: visitor.jar })
  const proof = basicAuth('rp', SECRET)
  const { body } = await read(redeem(shop.server.url, code, verifier, { redirect_uri: CALLBACK }, proof))
  return decode(body.id_token).payload
}

/** The provider tells us of the end of a sign-in there. */
async function told(claims: object): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const notice = { iat: now, exp: now + 120, jti: crypto.randomUUID(), events: EVENT, ...claims }
  const logout_token = await acme.sign(notice, { typ: 'logout+jwt' })
  const answer = await postForm(`${shop.server.url}/upstreams/acme/backchannel-logout`, { logout_token })
  expect(answer.status).toBe(200)
}

const passedOn = (count: number) => receiver.notices(count, { issuer: shop.server.url, audience: 'rp' })

test('a sign-out at a provider is passed on to our clients: the session that came of it, or the person', async () => {
  const person = { sub: 'there', email: 'there@people.example' }
  const first = await signedIn({ ...person, sid: 'session-1' })
  const second = await signedIn({ ...person, sid: 'session-2' })
  expect(second.sub).toBe(first.sub)

  await told({ sub: 'there', sid: 'session-1' })
  expect((await passedOn(1))[0]?.claims).toMatchObject({ sub: first.sub, sid: first.sid, iss: shop.server.url })
  await told({ sub: 'there' })
  const [, last] = await passedOn(2)
  expect(last?.claims.sub).toBe(first.sub)
  expect(last?.claims).not.toHaveProperty('sid')
})
