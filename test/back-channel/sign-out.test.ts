import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, read, refresh } from '../endpoints/client.ts'
import { waitFor } from '../support/wait-for.ts'
import { RP_HOME, type ShopWithClients, type SignedIn, startShopWithClients } from './shop-with-clients.ts'

let shop: ShopWithClients
beforeAll(async () => {
  shop = await startShopWithClients()
})
afterAll(() => shop?.stop())

/** A sign-out as the client asks for it: the answer is where the person goes next. */
function signOut({ jar, tokens }: SignedIn): Promise<Response> {
  const fields = { id_token_hint: tokens.id_token, post_logout_redirect_uri: RP_HOME }
  return jar.fetch(`${shop.server.url}/logout?${new URLSearchParams(fields)}`)
}

const sidOf = ({ tokens }: SignedIn) => decode(tokens.id_token).payload.sid

describe('a sign-out that a client asks for', () => {
  test('tells the client once, by a form with nothing but a logout token of the standard', async () => {
    const client = await shop.addClient({ backchannel_logout_session_required: true })
    const signedIn = await shop.signIn(client, await shop.addCustomer())
    expect((await signOut(signedIn)).headers.get('location')).toBe(RP_HOME)
    const [notice] = await client.told()
    const [post] = client.receiver.received
    expect(post?.contentType).toBe('application/x-www-form-urlencoded')
    expect([...(post?.form.keys() ?? [])]).toEqual(['logout_token'])
    expect(notice?.header).toMatchObject({ typ: 'logout+jwt', alg: 'RS256', kid: expect.any(String) })
    const { iat = 0, exp = 0, ...claims } = notice?.claims ?? {}
    expect(exp - iat).toBeGreaterThan(0)
    expect(exp - iat).toBeLessThanOrEqual(120)
    expect(claims).toEqual({
      iss: shop.server.url,
      aud: client.id,
      sub: decode(signedIn.tokens.id_token).payload.sub,
      sid: sidOf(signedIn),
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    })
  })

  test.each([
    ['says no session to a client that does not ask for it', {}],
    ['says no session to one that asks not to', { backchannel_logout_session_required: false }],
  ])('%s', async (_, members) => {
    const client = await shop.addClient(members)
    const signedIn = await shop.signIn(client, await shop.addCustomer())
    await signOut(signedIn)
    const [notice] = await client.told()
    expect(notice?.claims.sub).toBe(decode(signedIn.tokens.id_token).payload.sub)
    expect(notice?.claims).not.toHaveProperty('sid')
  })

  test('signs its token as the client has its ID tokens signed', async () => {
    const client = await shop.addClient({ id_token_signed_response_alg: 'ES256' })
    await signOut(await shop.signIn(client, await shop.addCustomer()))
    expect((await client.told())[0]?.header.alg).toBe('ES256')
  })

  test('tells every client of that browser its own session, and none of another browser', async () => {
    const [one, two] = [
      await shop.addClient({ backchannel_logout_session_required: true }),
      await shop.addClient({ backchannel_logout_session_required: true }),
    ]
    const customer = await shop.addCustomer()
    const first = await shop.signIn(one, customer)
    const second = await shop.signIn(two, customer, first.jar)
    const elsewhere = await shop.signIn(one, customer)
    await signOut(first)
    expect((await two.told())[0]?.claims.sid).toBe(sidOf(second))
    await signOut(elsewhere)
    const sids = (await one.told(2)).map(({ claims }) => claims.sid)
    expect(sids).toEqual([sidOf(first), sidOf(elsewhere)])
    expect(new Set([...sids, sidOf(second)]).size).toBe(3)
    expect(two.receiver.received).toHaveLength(1)
  })

  test('is answered at once while the client hangs, and the client is told again', async () => {
    const client = await shop.addClient()
    client.receiver.answer((response, count) => {
      if (count > 1) response.writeHead(200).end()
    })
    const signedIn = await shop.signIn(client, await shop.addCustomer())
    await signOut(signedIn)
    // The person has the answer while the first attempt has none.
    await waitFor(() => client.receiver.received.length === 1)
    expect(client.receiver.received).toHaveLength(1)
    const [first, second] = await client.told(2)
    expect(first?.claims.jti).not.toBe(second?.claims.jti)
  })

  test('is told of by a new session to the client where the person signs in again in that browser', async () => {
    const client = await shop.addClient({ backchannel_logout_session_required: true })
    const customer = await shop.addCustomer()
    const first = await shop.signIn(client, customer)
    await signOut(first)
    const again = await shop.signIn(client, customer, first.jar)
    expect(sidOf(again)).not.toBe(sidOf(first))
    await client.told()
  })

  test('leaves a refresh token of offline_access alone, ends one without, and tells both clients', async () => {
    const [online, offline] = [await shop.addClient(), await shop.addClient()]
    const customer = await shop.addCustomer()
    const asked = { scope: 'openid email offline_access', prompt: 'consent' }
    const lasting = await shop.signIn(offline, customer, undefined, asked)
    const first = await shop.signIn(online, customer, lasting.jar)
    await signOut(first)
    await Promise.all([online.told(), offline.told()])
    const ended = await read(refresh(shop.server.url, first.tokens.refresh_token, {}, online.proof))
    expect([ended.status, ended.body.error]).toEqual([400, 'invalid_grant'])
    expect((await refresh(shop.server.url, lasting.tokens.refresh_token, {}, offline.proof)).status).toBe(200)
  })
})
