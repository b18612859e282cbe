import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { read, ron, thirdParty } from '../endpoints/client.ts'
import { later } from '../support/clock.ts'
import { postForm } from '../support/http.ts'
import { asked, assistant, inDays, type MandateShop, RESOURCE, startMandateShop } from './shop.ts'

let shop: MandateShop
beforeAll(async () => {
  shop = await startMandateShop({ MANDATE_TIME_ZONE: 'Europe/Berlin' })
})
afterAll(() => shop?.stop())

const eur = (amount: number) => ({ amount, currency: 'EUR' })
const budget = (amount: number, period = 'once') => ({ ...eur(amount), period })

describe('a hold', () => {
  test('is taken from what is left; captured for less, the rest comes back', async () => {
    const { id } = await shop.mandated(asked({ orders: { max: 4, period: 'once' } }))
    const held = await shop.hold(id, 'order-1', 4000)
    expect(held.status).toBe(201)
    expect(held.body).toMatchObject({ state: 'held', amount: 4000, remaining: { amount: 16_000, orders: 3 } })
    const captured = await shop.capture(id, held.body.hold, { amount: 3500 })
    expect([captured.status, captured.body.state]).toEqual([200, 'captured'])
    expect(captured.body.remaining).toMatchObject({ amount: 16_500, orders: 3 })
    expect((await shop.capture(id, held.body.hold, { amount: 3500 })).body).toEqual(captured.body)
    expect((await shop.capture(id, held.body.hold, { amount: 3000 })).body.type).toBe('hold-conflict')
    expect((await shop.release(id, held.body.hold)).body.type).toBe('hold-conflict')
  })

  test('that is released comes back whole, and its order may be held again', async () => {
    const { id } = await shop.mandated()
    const { body } = await shop.hold(id, 'order-1', 4000)
    const released = await shop.release(id, body.hold)
    expect([released.status, released.body.remaining.amount]).toEqual([200, 20_000])
    expect((await shop.release(id, body.hold)).status, 'released once more').toBe(200)
    expect((await shop.capture(id, body.hold)).status).toBe(410)
    expect((await shop.hold(id, 'order-1', 3000)).status).toBe(201)
  })

  test('of the same order is the same; with another amount it is a conflict', async () => {
    const { id } = await shop.mandated()
    const first = await shop.hold(id, 'order-1', 4000)
    const again = await shop.hold(id, 'order-1', 4000)
    expect([again.status, again.body]).toEqual([201, first.body])
    const other = await shop.hold(id, 'order-1', 4001)
    expect([other.status, other.body.type]).toEqual([409, 'hold-conflict'])
    expect(other.headers.get('content-type')).toContain('application/problem+json')
  })

  test('lapses after half an hour', async () => {
    const { id } = await shop.mandated(asked({ budget: budget(5000) }))
    const { body } = await shop.hold(id, 'order-1', 5000)
    expect((await shop.hold(id, 'order-2', 1)).status).toBe(409)
    const [other, capture] = await later(
      async () => [await shop.hold(id, 'order-2', 5000), await shop.capture(id, body.hold)],
      1801,
    )
    expect([other?.status, capture?.status]).toEqual([201, 410])
  })

  test('takes more than is held from nobody', async () => {
    const { id } = await shop.mandated()
    const { body } = await shop.hold(id, 'order-1', 1000)
    expect((await shop.capture(id, body.hold, { amount: 1001 })).status).toBe(409)
  })
})

const limits: readonly [string, string, object, number, object?][] = [
  ['more than one order may cost', 'per_order', {}, 5001],
  ['more than is left of the budget', 'budget', { budget: budget(4000) }, 4001],
  ['another currency', 'currency', {}, 100, { currency: 'USD' }],
  [
    'a category that is not included',
    'categories',
    { categories: { scheme: 'shop', include: ['shoes'] } },
    1,
    { categories: ['shoes', 'wine'] },
  ],
  [
    'a category that is excluded',
    'categories',
    { categories: { scheme: 'shop', include: ['shoes', 'wine'], exclude: ['wine'] } },
    1,
    { categories: ['wine'] },
  ],
  ['no category where some are excluded', 'categories', { categories: { scheme: 'shop', exclude: ['wine'] } }, 1],
  ['another merchant', 'merchants', { merchants: ['https://shop.example'] }, 1, { merchant: 'https://other.example' }],
  ['no merchant where some are named', 'merchants', { merchants: ['https://shop.example'] }, 1],
  ['a time before it holds', 'not_before', { not_before: inDays(1) }, 1],
]

describe('a hold is refused with the limit that it is over', () => {
  test.each(limits)('%s', async (_what, limit, terms, amount, more = {}) => {
    const { id } = await shop.mandated(asked(terms as Record<string, unknown>))
    const { status, body } = await shop.hold(id, 'order-1', amount, more as Record<string, unknown>)
    expect([status, body.type, body.limit]).toEqual([409, 'mandate-exceeded', limit])
    expect(body.remaining).toBeDefined()
  })

  test('an order too many', async () => {
    const { id } = await shop.mandated(asked({ orders: { max: 1, period: 'day' } }))
    expect((await shop.hold(id, 'order-1', 1)).status).toBe(201)
    expect((await shop.hold(id, 'order-2', 1)).body.limit).toBe('orders')
  })

  test('too many at a time', async () => {
    const { id } = await shop.mandated()
    await Promise.all(Array.from({ length: 100 }, (_, index) => shop.hold(id, `order-${index}`, 1)))
    expect((await shop.hold(id, 'one-more', 1)).body.limit).toBe('open_holds')
  })
})

describe('time', () => {
  test('of a mandate that is over nothing is held, and what was held before is captured', async () => {
    const { id, access_token } = await shop.mandated(asked({ expires_at: inDays(1) }))
    const { body } = await shop.hold(id, 'order-1', 1000)
    const { status, body: problem } = await later(() => shop.hold(id, 'order-2', 1000), 86_401)
    expect([status, problem.type]).toEqual([410, 'mandate-over'])
    const said = await shop.introspect(access_token)
    expect(said.authorization_details).toHaveLength(1)
    expect((await shop.capture(id, body.hold)).status).toBe(200)
  })

  test('a new month brings a new budget, by the calendar of the shop', async () => {
    const { id } = await shop.mandated(
      asked({ per_order: undefined, budget: budget(1000, 'month'), expires_at: inDays(60) }),
    )
    const { body } = await shop.hold(id, 'order-1', 1000)
    await shop.capture(id, body.hold)
    const { until } = body.remaining
    const local = new Intl.DateTimeFormat('en', {
      timeZone: 'Europe/Berlin',
      day: 'numeric',
      hour: 'numeric',
      hourCycle: 'h23',
    })
    expect(local.format(until * 1000)).toMatch(/^1\D+0+$/)
    expect((await shop.hold(id, 'order-2', 1)).status).toBe(409)
    const next = await later(() => shop.hold(id, 'order-2', 1000), until - Date.now() / 1000 + 1)
    expect([next.status, next.body.remaining.amount]).toEqual([201, 0])
    expect(next.body.remaining.until).toBeGreaterThan(until)
  })
})

describe('an order above ask_above', () => {
  const approve = (id: string, order: string, amount: number) => ({
    type: asked().type,
    mandate_id: id,
    approve: { order, amount, currency: 'EUR' },
  })

  test('needs an approval of the customer, which lets it through once, and that order only', async () => {
    const { id, jar } = await shop.mandated(asked({ ask_above: eur(3000) }))
    expect((await shop.hold(id, 'small', 3000)).status).toBe(201)
    const refused = await shop.hold(id, 'order-1', 3001)
    expect([refused.status, refused.body.type]).toEqual([409, 'approval-required'])
    const page = await shop.consentPage(approve(id, 'order-1', 4000), jar)
    expect(page.html).toContain('order-1')
    expect(page.html).toContain('€40.00')
    const { url } = await shop.answer(page)
    const { body } = await shop.exchange(url, page.verifier)
    expect(body.authorization_details[0].mandate_id).toBe(id)
    expect((await shop.hold(id, 'order-2', 3001)).body.type, 'another order').toBe('approval-required')
    expect((await shop.hold(id, 'order-1', 4001)).body.type, 'a higher amount').toBe('approval-required')
    const held = await shop.hold(id, 'order-1', 3500)
    expect(held.status).toBe(201)
    await shop.release(id, held.body.hold)
    expect((await shop.hold(id, 'order-1', 3500)).body.type, 'once more').toBe('approval-required')
  })

  test('is not approved where the customer says no, and an approval lapses', async () => {
    const { id, jar } = await shop.mandated(asked({ ask_above: eur(1) }))
    await shop.answer(await shop.consentPage(approve(id, 'order-1', 100), jar), { decision: 'deny' })
    expect((await shop.hold(id, 'order-1', 100)).body.type).toBe('approval-required')
    await shop.answer(await shop.consentPage(approve(id, 'order-1', 100), jar))
    expect((await later(() => shop.hold(id, 'order-1', 100), 3601)).body.type).toBe('approval-required')
  })

  test.each([
    ['more than the mandate allows', { amount: 5001 }],
    ['another currency', { currency: 'USD' }],
  ])('cannot be approved for %s', async (_what, more) => {
    const { id, jar } = await shop.mandated(asked({ ask_above: eur(1) }))
    const details = {
      type: asked().type,
      mandate_id: id,
      approve: { order: 'order-1', amount: 5, currency: 'EUR', ...more },
    }
    const { url } = await shop.consentPage(details, jar)
    expect(new URL(url).searchParams.get('error')).toBe('invalid_authorization_details')
  })

  test('is not approved by another customer', async () => {
    const { id } = await shop.mandated(asked({ ask_above: eur(1) }))
    const { url } = await shop.consentPage(approve(id, 'order-1', 100), undefined, {}, ron)
    expect(new URL(url).searchParams.get('error')).toBe('access_denied')
  })
})

describe('only the shop spends', () => {
  test.each<[string, Record<string, string>, number]>([
    ['without a proof of who it is', {}, 400],
    ['with a wrong secret', { authorization: `Basic ${Buffer.from('checkout:wrong').toString('base64')}` }, 401],
    ['by the client that asked for it', assistant, 404],
    ['by a client of another resource', thirdParty, 404],
  ])('%s it is refused', async (_who, headers, status) => {
    const { id } = await shop.mandated()
    const answer = await shop.post(`/mandates/${id}/holds`, { order: '1', amount: 1, currency: 'EUR' }, headers)
    expect(answer.status).toBe(status)
  })

  test('the proof may be an assertion by a key, for this server or for the very endpoint', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const client_id = 'keyed-checkout'
    const metadata = {
      client_id,
      grant_types: ['client_credentials'],
      response_types: [],
      resource_scopes: ['*'],
      introspects: [RESOURCE],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [await exportJWK(publicKey)] },
    }
    await shop.admin('POST', '/v1/clients', { metadata })
    const { id } = await shop.mandated()
    const path = `/mandates/${id}/holds`
    const holdFor = async (order: string, audience: string) => {
      const client_assertion = await new SignJWT({ jti: order })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(client_id)
        .setSubject(client_id)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(privateKey)
      const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
      const proof = { client_id, client_assertion, client_assertion_type }
      return shop.post(path, { order, amount: 100, currency: 'EUR', ...proof }, {})
    }
    for (const audience of [shop.server.config.ISSUER, shop.url + path])
      expect((await holdFor(audience, audience)).status, audience).toBe(201)
    expect((await holdFor('elsewhere', 'https://elsewhere.example')).status).toBe(401)
  })

  test('the proof may be in the body, as at introspection', async () => {
    const { id } = await shop.mandated()
    const proof = { client_id: 'checkout', client_secret: 'the-secret-of-the-checkout' }
    const wrong = await shop.post(`/mandates/${id}/holds`, { order: '1', amount: 1, currency: 'EUR', ...proof }, {})
    expect(wrong.status).toBe(201)
  })

  test.each<[string, unknown, number]>([
    ['no amount', { order: '1', currency: 'EUR' }, 400],
    ['an amount below zero', { order: '1', amount: -1, currency: 'EUR' }, 400],
    ['an amount as text', { order: '1', amount: '1', currency: 'EUR' }, 400],
    ['no order', { amount: 1, currency: 'EUR' }, 400],
    ['an order of two lines', { order: 'a\nb', amount: 1, currency: 'EUR' }, 400],
    ['an unknown member', { order: '1', amount: 1, currency: 'EUR', discount: 1 }, 400],
    ['a list', [], 400],
    ['a body that is too large', { order: '1', amount: 1, currency: 'EUR', ap2_mandate_hash: 'x'.repeat(20_000) }, 413],
  ])('%s is refused with what is wrong', async (_what, body, status) => {
    const { id } = await shop.mandated()
    const answer = await shop.post(`/mandates/${id}/holds`, body as object)
    expect([answer.status, answer.body.detail === '']).toEqual([status, false])
  })

  test.each(['unknown', '00000000-0000-4000-8000-000000000000', '%00', 'a%2Fb'])(
    'a mandate or a hold %s does not exist',
    async (name) => {
      const { id } = await shop.mandated()
      expect((await shop.hold(name, 'order-1', 1)).status).toBe(404)
      expect((await shop.capture(id, name)).status).toBe(404)
      expect((await shop.release(id, name)).status).toBe(404)
    },
  )
})

describe('what ends a link ends its mandates', () => {
  test('when its refresh token is revoked, nothing is held', async () => {
    const { id, refresh_token } = await shop.mandated()
    const fields = { token: refresh_token }
    expect((await read(postForm(`${shop.url}/revoke`, fields, assistant))).status).toBe(200)
    const { status, body } = await shop.hold(id, 'order-1', 1)
    expect([status, body.type]).toEqual([410, 'mandate-over'])
  })
})
