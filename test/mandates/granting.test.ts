import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decode, read } from '../endpoints/client.ts'
import { postForm, readForm } from '../support/http.ts'
import { asked, assistant, inDays, type MandateShop, RESOURCE, startMandateShop, TYPE } from './shop.ts'

let shop: MandateShop
beforeAll(async () => {
  shop = await startMandateShop()
})
afterAll(() => shop?.stop())

const eur = (amount: number) => ({ amount, currency: 'EUR' })

test('a mandate that was consented to is in the token answer, in the token and in introspection with what is left', async () => {
  const tokens = await shop.mandated(asked({ orders: { max: 4, period: 'month' } }))
  const granted = {
    ...asked({ orders: { max: 4, period: 'month' } }),
    expires_at: expect.any(Number),
    mandate_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  }
  expect(tokens.authorization_details).toEqual([granted])
  expect(decode(tokens.access_token).payload.authorization_details).toEqual([granted])
  const said = await shop.introspect(tokens.access_token)
  expect(said.authorization_details).toEqual([
    { ...granted, remaining: { amount: 20_000, orders: 4, until: expect.any(Number) } },
  ])
})

const wrong: readonly [string, RegExp, Record<string, unknown>][] = [
  ['without any ceiling', /per_order or budget/, { per_order: undefined, budget: undefined }],
  ['of two currencies', /currency/, { per_order: { amount: 1, currency: 'USD' } }],
  ['of no currency', /currency/, { per_order: { amount: 1, currency: 'XYZ' } }],
  ['of an amount of nothing', /per_order.amount/, { per_order: eur(0) }],
  ['of a broken amount', /per_order.amount/, { per_order: eur(1.5) }],
  ['of more than numbers can say', /per_order.amount/, { per_order: eur(2 ** 53) }],
  ['of an amount as text', /per_order.amount/, { per_order: { amount: '5', currency: 'EUR' } }],
  ['of an unknown period', /budget.period/, { budget: { ...eur(1), period: 'decade' } }],
  ['of no orders', /orders.max/, { orders: { max: 0, period: 'day' } }],
  ['of categories of an unknown scheme', /categories.scheme/, { categories: { scheme: 'gs1', include: ['shoes'] } }],
  ['of a merchant that is no origin', /merchants/, { merchants: ['https://shop.example/path'] }],
  ['without an end', /expires_at/, { expires_at: undefined }],
  ['that is over', /expires_at/, { expires_at: inDays(-1) }],
  ['that lasts too long', /expires_at: at most 90 days/, { expires_at: inDays(91) }],
  ['that begins after its end', /not_before/, { not_before: inDays(40) }],
  ['with an unknown member', /weekdays/, { weekdays: ['monday'] }],
  ['for another action', /actions/, { actions: ['refund'] }],
  ['for another resource', /locations/, { locations: ['urn:another:resource'] }],
  ['for two resources', /locations/, { locations: [RESOURCE, 'urn:another:resource'] }],
  ['with control characters', /merchants|categories/, { categories: { scheme: 'shop', include: ['sh\u0000es'] } }],
  ['that names a mandate', /mandate_id/, { mandate_id: '00000000-0000-4000-8000-000000000000' }],
]

describe('a mandate is refused as invalid_authorization_details', () => {
  test.each(wrong)('%s', async (_what, why, more) => {
    const details = JSON.stringify([asked(more)])
    const { body, status } = await read(
      postForm(`${shop.url}/par`, { ...fieldsOf(), authorization_details: details }, assistant),
    )
    expect([status, body.error]).toEqual([400, 'invalid_authorization_details'])
    expect(body.error_description).toMatch(why)
  })

  test.each([
    ['two of them', [asked(), asked()]],
    ['of an unknown type', [{ ...asked(), type: 'payment_initiation' }]],
    ['that is no object', ['mandate']],
  ])('%s', async (_what, details) => {
    const fields = { ...fieldsOf(), authorization_details: JSON.stringify(details) }
    const { body } = await read(postForm(`${shop.url}/par`, fields, assistant))
    expect(body.error).toBe('invalid_authorization_details')
  })

  test('by a client that may not ask for one', async () => {
    const { url } = await shop.consentPage(asked(), undefined, { client_id: 'third-party-app' })
    expect(new URL(url).searchParams.get('error')).toBe('invalid_authorization_details')
  })

  test('by a client itself, without a customer', async () => {
    const fields = { grant_type: 'client_credentials', authorization_details: JSON.stringify([asked()]) }
    const { body } = await read(postForm(`${shop.url}/token`, fields, assistant))
    expect(body.error).toBe('invalid_authorization_details')
  })
})

function fieldsOf(): Record<string, string> {
  return Object.fromEntries(
    new URL(shop.authorizeUrl({ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' })).searchParams,
  )
}

describe('on the consent page', () => {
  test('the mandate is said in words', async () => {
    const { html } = await shop.consentPage(
      asked({ categories: { scheme: 'shop', include: ['shoes'] }, ask_above: eur(3000) }),
    )
    for (const said of ['€50.00', '€200.00 a month', 'shoes', '€30.00']) expect(html).toContain(said)
  })

  test.each([
    ['JPY', 5000, '¥5,000'],
    ['KWD', 12_345, 'KWD\u00a012.345'],
  ])('an amount in %s has the digits of its currency', async (currency, amount, said) => {
    const { html } = await shop.consentPage(asked({ per_order: { amount, currency }, budget: undefined }))
    expect(html).toContain(said)
  })

  test('the customer lowers it, and the token says so', async () => {
    const details = asked({ orders: { max: 4, period: 'month' } })
    const typed = { perOrder: '12.34', budget: '100', orders: '2' }
    const { authorization_details } = await shop.mandated(details, { typed })
    expect(authorization_details[0]).toMatchObject({
      per_order: eur(1234),
      budget: { ...eur(10_000), period: 'month' },
      orders: { max: 2, period: 'month' },
    })
  })

  test('the customer shortens it to a day', async () => {
    const day = new Date(inDays(3) * 1000).toISOString().slice(0, 10)
    const { authorization_details } = await shop.mandated(asked(), { typed: { until: day } })
    expect(authorization_details[0]?.expires_at).toBe(Date.parse(`${day}T00:00:00Z`) / 1000 + 86_400 - 1)
  })

  test.each([
    ['a higher budget', { budget: '200.01' }],
    ['a higher amount for one order', { perOrder: '5000' }],
    ['more digits than the currency has', { perOrder: '1.234' }],
    ['nothing', { budget: '0' }],
    ['a later end', { until: '2999-01-01' }],
    ['an end that is over', { until: '2020-01-01' }],
    ['a ceiling that was not asked for', { orders: '5' }],
    ['no number', { budget: '1e9' }],
  ])('%s is refused, also by a forged form', async (_what, typed) => {
    const page = await shop.consentPage(asked())
    const { status, url, html } = await shop.answer(page, typed as Record<string, string>)
    expect([status, url.includes('code=')]).toEqual([422, false])
    expect(html).toContain('role="alert"')
  })

  test("the shop's own clients ask as well", async () => {
    const { metadata } = await shop.admin('GET', '/v1/clients/frontend')
    await shop.admin('PUT', '/v1/clients/frontend', {
      metadata: { ...metadata, authorization_details_types: [TYPE] },
    })
    const { html } = await shop.consentPage(asked(), undefined, { client_id: 'frontend', scope: 'openid', prompt: '' })
    expect(html).toContain('name="decision" value="allow"')
  })
})

describe('at the token endpoint', () => {
  const narrower = (id?: string) =>
    asked({
      per_order: eur(1000),
      budget: { ...eur(2000), period: 'month' },
      expires_at: inDays(2),
      ...(id && { mandate_id: id }),
    })

  async function refreshed(refresh_token: string, details?: object) {
    const fields = { grant_type: 'refresh_token', refresh_token }
    const more = details ? { authorization_details: JSON.stringify([details]) } : {}
    return read(postForm(`${shop.url}/token`, { ...fields, ...more } as Record<string, string>, assistant))
  }

  test('a narrower mandate is given, by a code and by a refresh; a refresh without keeps the whole', async () => {
    const page = await shop.consentPage(asked())
    const { url } = await shop.answer(page)
    const { body } = await shop.exchange(url, page.verifier, { authorization_details: JSON.stringify([narrower()]) })
    expect(body.authorization_details[0]).toMatchObject({ per_order: eur(1000) })
    const said = await shop.introspect(body.access_token)
    expect(said.authorization_details).toMatchObject([{ per_order: eur(1000), remaining: { amount: 2000 } }])
    const whole = await refreshed(body.refresh_token)
    expect(whole.body.authorization_details[0]).toMatchObject({ per_order: eur(5000) })
    const id = whole.body.authorization_details[0].mandate_id
    const again = await refreshed(whole.body.refresh_token, narrower(id))
    expect(again.body.authorization_details[0]).toMatchObject({ per_order: eur(1000), mandate_id: id })
  })

  test.each<[string, Record<string, unknown>]>([
    ['a higher amount', { per_order: eur(5001) }],
    ['a later end', { expires_at: inDays(31) }],
    ['another period', { budget: { ...eur(100), period: 'day' } }],
    ['no budget', { budget: undefined }],
    ['other goods', { categories: { scheme: 'shop', include: ['wine'] } }],
    ['goods that are excluded', { categories: { scheme: 'shop', include: ['shoes'] } }],
    ['another mandate', { mandate_id: '00000000-0000-4000-8000-000000000000' }],
  ])('%s is wider and refused', async (_what, more) => {
    const granted = asked({ categories: { scheme: 'shop', include: ['shoes'], exclude: ['gift-cards'] } })
    const { refresh_token } = await shop.mandated(granted)
    const { status, body } = await refreshed(refresh_token, { ...granted, ...more })
    expect([status, body.error]).toEqual([400, 'invalid_authorization_details'])
    const kept = await refreshed(refresh_token)
    expect(kept.status, 'the link is as it was').toBe(200)
  })

  test('without a mandate none can be asked for', async () => {
    const page = await shop.consentPage(asked(), undefined, { authorization_details: '[]' })
    const { url } = await shop.answer(page)
    const { body } = await shop.exchange(url, page.verifier)
    expect(body).not.toHaveProperty('authorization_details')
    const { body: refusal } = await refreshed(body.refresh_token, asked())
    expect(refusal.error).toBe('invalid_authorization_details')
  })
})

test('a page that is answered twice gives one mandate', async () => {
  const { jar } = await shop.mandated()
  const before = (await shop.admin('GET', '/v1/mandates?clientId=assistant&limit=100')).items.length
  const page = await shop.consentPage(asked(), jar)
  const form = readForm(page.html.slice(page.html.lastIndexOf('<form', page.html.indexOf('/consent"'))), page.url)
  const body = () => new URLSearchParams({ ...form.fields, decision: 'allow' })
  const send = async () => (await jar.fetch(form.action, { method: 'POST', body: body() })).status
  expect([await send(), await send(), ...(await Promise.all([send(), send()]))]).toEqual([303, 303, 303, 303])
  expect((await shop.admin('GET', '/v1/mandates?clientId=assistant&limit=100')).items).toHaveLength(before + 1)
})

test('a mandate ends no later than the sign-in of its client', async () => {
  const path = '/v1/clients/assistant'
  const { metadata } = await shop.admin('GET', path)
  await shop.admin('PUT', path, { metadata: { ...metadata, refresh_token_absolute_ttl_seconds: 5 * 86_400 } })
  const { access_token, authorization_details } = await shop.mandated(asked({ expires_at: inDays(30) }))
  const [said] = (await shop.introspect(access_token)).authorization_details as { expires_at: number }[]
  for (const { expires_at } of [authorization_details[0], said] as { expires_at: number }[]) {
    expect(expires_at).toBeLessThanOrEqual(inDays(5))
    expect(expires_at).toBeGreaterThan(inDays(4))
  }
  const shorter = await shop.mandated(asked({ expires_at: inDays(2) }))
  expect(Number(shorter.authorization_details[0]?.expires_at)).toBeLessThanOrEqual(inDays(2))
  await shop.admin('PUT', path, { metadata })
})

test('a link has twenty mandates at most', async () => {
  const { jar } = await shop.mandated()
  for (let count = 1; count < 20; count++) await shop.mandated(asked(), { jar })
  const page = await shop.consentPage(asked(), jar)
  expect(new URL((await shop.answer(page)).url).searchParams.get('error')).toBe('access_denied')
})

test('metadata name the type', async () => {
  const { body } = await read(fetch(`${shop.url}/.well-known/oauth-authorization-server`))
  expect(body.authorization_details_types_supported).toEqual([TYPE])
})
