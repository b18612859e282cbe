import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refresh, tokensOf } from '../endpoints/client.ts'
import { isSignedIn, type Visitor } from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from './shop-with-upstreams.ts'

let shop: ShopWithUpstreams
let acme: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams()
  acme = await shop.addProvider('acme', 'oidc', { signs_out: true })
})
afterAll(() => shop?.stop())

const EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} }
const now = () => Math.floor(Date.now() / 1000)
let count = 0
const notice = (more: object = {}) => ({
  iat: now(),
  exp: now() + 120,
  jti: `notice-${++count}`,
  events: EVENT,
  ...more,
})

async function signedIn(person: object): Promise<Visitor> {
  acme.person = { email_verified: true, ...person }
  const visitor = shop.visitor()
  expect(isSignedIn(await comeBy(visitor, 'acme'))).toBe(true)
  return visitor
}

const tell = (logout_token: string | undefined, id = 'acme') =>
  postForm(`${shop.server.url}/upstreams/${id}/backchannel-logout`, { logout_token })
const isIn = async (visitor: Visitor) => isSignedIn(await visitor.openLogin())

describe('a logout token of the provider', () => {
  test('that names a session ends the one here that came of it, and no other', async () => {
    const person = { sub: 'two-sessions', email: 'two@people.example' }
    const [one, two] = [
      await signedIn({ ...person, sid: 'session-1' }),
      await signedIn({ ...person, sid: 'session-2' }),
    ]
    const answer = await tell(await acme.sign(notice({ sub: 'two-sessions', sid: 'session-1' }), { typ: 'logout+jwt' }))
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect([await isIn(one), await isIn(two)]).toEqual([false, true])
  })

  test('that names a session ends it under the id that it was renewed with as well', async () => {
    const visitor = await signedIn({ sub: 'renewed', email: 'renewed@people.example', sid: 'session-3' })
    await visitor.submit(await visitor.open('/account/sessions'), '/sessions/end-others')
    expect(await isIn(visitor)).toBe(true)
    expect((await tell(await acme.sign(notice({ sub: 'renewed', sid: 'session-3' })))).status).toBe(200)
    expect(await isIn(visitor)).toBe(false)
  })

  test('that names a person alone ends everything of theirs', async () => {
    const visitor = await signedIn({ sub: 'everything', email: 'everything@people.example' })
    expect((await tell(await acme.sign(notice({ sub: 'everything' })))).status).toBe(200)
    expect(await isIn(visitor)).toBe(false)
  })

  test('about somebody unknown is taken, and ends nothing', async () => {
    expect((await tell(await acme.sign(notice({ sub: 'nobody', sid: 'none' })))).status).toBe(200)
  })

  test('ends nothing of a customer who came by password', async () => {
    const customer = await shop.addCustomer()
    const tokens = await tokensOf(shop.server.url, { username: customer.email, password: customer.password })
    await tell(await acme.sign(notice({ sub: customer.id, sid: customer.id })))
    expect((await refresh(shop.server.url, tokens.refresh_token)).status).toBe(200)
  })

  test('is taken once', async () => {
    const token = await acme.sign(notice({ sub: 'once' }))
    expect([(await tell(token)).status, (await tell(token)).status]).toEqual([200, 400])
  })

  const REFUSED: Readonly<Record<string, () => Promise<string | undefined>>> = {
    'that is missing': async () => undefined,
    'that is empty': async () => '',
    'that is none': async () => 'not a token',
    'without the event': () => acme.sign(notice({ sub: 'kept', events: {} })),
    'whose event is a text': () => acme.sign(notice({ sub: 'kept', events: 'logout' })),
    'with a nonce': () => acme.sign(notice({ sub: 'kept', nonce: 'n' })),
    'without jti': () => acme.sign(notice({ sub: 'kept', jti: undefined })),
    'without sub and sid': () => acme.sign(notice()),
    'that has expired': () => acme.sign(notice({ sub: 'kept', iat: now() - 500, exp: now() - 120 })),
    'of long ago': () => acme.sign(notice({ sub: 'kept', iat: now() - 3600 })),
    'without an end': () => acme.sign(notice({ sub: 'kept', exp: undefined })),
    'for another audience': () => acme.sign(notice({ sub: 'kept', aud: 'another-shop' })),
    'of another issuer': () => acme.sign(notice({ sub: 'kept', iss: 'https://accounts.google.com' })),
    'of an unknown key': () => acme.sign(notice({ sub: 'kept' }), { kid: 'two' }),
    'without a signature': async () => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      return `${part({ alg: 'none' })}.${part(notice({ sub: 'kept', iss: acme.issuer, aud: acme.clientId }))}.`
    },
  }
  test.each(Object.keys(REFUSED))('%s is refused, and ends nothing', async (name) => {
    const visitor = await signedIn({ sub: 'kept', email: 'kept@people.example', sid: 'kept' })
    const answer = await tell(await REFUSED[name]?.())
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
    expect(await isIn(visitor)).toBe(true)
  })

  test('of one provider ends nothing at another', async () => {
    await shop.addProvider('other')
    const visitor = await signedIn({ sub: 'kept', email: 'kept@people.example' })
    expect((await tell(await acme.sign(notice({ sub: 'kept' })), 'other')).status).toBe(400)
    expect((await tell(await acme.sign(notice({ sub: 'kept' })), 'unknown')).status).toBe(400)
    expect(await isIn(visitor)).toBe(true)
  })
})

test('who signs out here is led by way of the provider, where its settings say so, and back to the client', async () => {
  const visitor = await signedIn({ sub: 'leaves', email: 'leaves@people.example' })
  const back = 'http://localhost:8080/'
  const question = await visitor.open(`/logout?client_id=frontend&post_logout_redirect_uri=${encodeURIComponent(back)}`)
  const form = { xsrf: /name="xsrf" value="([^"]+)"/.exec(question.html)?.[1] ?? '', logout: 'yes' }
  const answer = await visitor.jar.fetch(`${shop.server.url}/logout/confirm`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  const there = new URL(String(answer.headers.get('location')))
  expect([there.origin + there.pathname, there.searchParams.get('client_id')]).toEqual([
    `${acme.issuer}/end-session`,
    'our-shop',
  ])
  const end = await visitor.jar.follow(answer, { stopAt: back })
  expect(end.url).toBe(back)
  const again = await visitor.open(`/upstreams/acme/signed-out?state=${there.searchParams.get('state')}`)
  expect([again.status, await isIn(visitor)]).toEqual([400, false])
})

test('who came by password and signs out is led nowhere else', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  await visitor.signIn(customer)
  const question = await visitor.open('/logout?client_id=frontend')
  const form = { xsrf: /name="xsrf" value="([^"]+)"/.exec(question.html)?.[1] ?? '', logout: 'yes' }
  const answer = await visitor.jar.fetch(`${shop.server.url}/logout/confirm`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  expect(answer.headers.get('location')).toContain(`${shop.server.url}/logout/success`)
})
