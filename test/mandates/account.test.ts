import { afterAll, beforeAll, expect, test } from 'vitest'
import { ron } from '../endpoints/client.ts'
import { startMailSink } from '../interaction/mail-sink.ts'
import type { createCookieJar } from '../support/cookie-jar.ts'
import { readForm } from '../support/http.ts'
import { waitFor } from '../support/wait-for.ts'
import { asked, type MandateShop, startMandateShop } from './shop.ts'

let shop: MandateShop
const sink = await startMailSink()
beforeAll(async () => {
  shop = await startMandateShop({ MAIL_URL: sink.url })
})
afterAll(async () => {
  await shop?.stop()
  await sink.stop()
})

type Jar = ReturnType<typeof createCookieJar>

async function open(jar: Jar, path: string) {
  const { response, url } = await jar.follow(await jar.fetch(shop.url + path), { stopAt: 'http://nowhere' })
  return { url, status: response.status, html: await response.text() }
}

/** Sends the form of the account that leads there, with `fields` filled in. */
async function send(jar: Jar, html: string, ending: string, fields: Record<string, string>) {
  const form = (html.match(/<form\b.*?<\/form>/gs) ?? []).find((each) => each.includes(`${ending}`)) ?? ''
  const { action, fields: hidden } = readForm(form, shop.url)
  const answer = await jar.fetch(action, { method: 'POST', body: new URLSearchParams({ ...hidden, ...fields }) })
  const { response, url } = await jar.follow(answer, { stopAt: 'http://nowhere' })
  return { url, status: response.status, html: await response.text() }
}

test('the account lists a mandate with what is left, and an order under way', async () => {
  const { id, jar } = await shop.mandated(asked({ orders: { max: 4, period: 'month' } }))
  await shop.hold(id, 'order-4711', 2500)
  const { html } = await open(jar, '/account/apps?ui_locales=en')
  for (const said of ['Price scout', '€200.00 a month', 'Left: €175.00', 'Orders left: 3', 'Order order-4711'])
    expect(html).toContain(said)
})

test('the customer lowers and shortens it there, and cannot raise it', async () => {
  const { id, jar } = await shop.mandated()
  const path = `/account/apps/mandate-lower?id=${id}`
  const form = await open(jar, path)
  const done = await send(jar, form.html, 'mandate-lower', { budget: '30', perOrder: '10.50' })
  expect(new URL(done.url).search).toContain('done=mandate-lowered')
  expect((await shop.hold(id, 'order-1', 1051)).body.limit).toBe('per_order')
  const raised = await send(jar, form.html, 'mandate-lower', { budget: '200' })
  expect([raised.status, raised.html.includes('role="alert"')]).toEqual([422, true])
})

test('paused it takes no order, and goes on when it is resumed', async () => {
  const { id, jar } = await shop.mandated()
  const held = await shop.hold(id, 'before', 100)
  const paused = await send(jar, (await open(jar, '/account/apps')).html, 'mandate-pause', {})
  expect(paused.url).toContain('done=mandate-paused')
  const refused = await shop.hold(id, 'order-1', 100)
  expect([refused.status, refused.body.type]).toEqual([409, 'mandate-paused'])
  expect((await shop.capture(id, held.body.hold)).status, 'what was held before').toBe(200)
  await send(jar, paused.html, 'mandate-pause', {})
  expect((await shop.hold(id, 'order-1', 100)).status).toBe(201)
})

test('withdrawn, nothing more is held or captured, its tokens are inactive at once, and the link goes on', async () => {
  const { id, jar, access_token, refresh_token } = await shop.mandated()
  const { body } = await shop.hold(id, 'order-1', 100)
  const done = await send(jar, (await open(jar, '/account/apps')).html, 'mandate-withdraw', {})
  expect(done.url).toContain('done=mandate-withdrawn')
  expect(done.html).not.toContain(id)
  expect((await shop.hold(id, 'order-2', 100)).status).toBe(410)
  expect((await shop.capture(id, body.hold)).status).toBe(410)
  expect(await shop.introspect(access_token)).toEqual({ active: false })
  const refreshed = await shop.refresh(refresh_token)
  expect(refreshed.status).toBe(200)
  expect(refreshed.body).not.toHaveProperty('authorization_details')
  expect(await shop.introspect(refreshed.body.access_token)).toMatchObject({ active: true })
})

test('the record of an app has its mandates with the orders', async () => {
  const { id, jar } = await shop.mandated()
  await shop.hold(id, 'order-1', 100)
  const record = await send(jar, (await open(jar, '/account/apps')).html, 'apps/record', {})
  expect(JSON.parse(record.html).mandates).toContainEqual(
    expect.objectContaining({ id, orders: [expect.objectContaining({ order: 'order-1', amount: 100 })] }),
  )
})

test('a mandate of another customer is not there', async () => {
  const { id } = await shop.mandated()
  const { jar } = await shop.mandated(asked(), { login: ron })
  const { html } = await open(jar, '/account/apps')
  for (const act of ['mandate-pause', 'mandate-withdraw']) {
    const answer = await send(jar, html, act, { id })
    expect(answer.status).toBe(404)
  }
  expect((await open(jar, `/account/apps/mandate-lower?id=${id}`)).status).toBe(404)
  expect((await shop.hold(id, 'order-1', 100)).status).toBe(201)
})

test('the customer is told of the first purchase, of four fifths of the budget, and of the withdrawal: each once', async () => {
  const { id, jar } = await shop.mandated(asked({ per_order: undefined }), { login: ron })
  const subjects = () => sink.mails.filter(({ to }) => to.includes(ron.username)).map(({ subject }) => subject)
  const before = subjects().length
  for (const [order, amount] of [
    ['1', 1000],
    ['2', 15_000],
    ['3', 1000],
  ] as const) {
    const { body } = await shop.hold(id, order, amount)
    await shop.capture(id, body.hold)
  }
  await shop.admin('POST', `/v1/mandates/${id}/withdraw`, {})
  await waitFor(() => subjects().length >= before + 3, { what: 'three letters' })
  const told = subjects().slice(before)
  expect(told.filter((subject) => subject.includes('bought'))).toHaveLength(1)
  expect(told.filter((subject) => subject.includes('budget'))).toHaveLength(1)
  expect(told.filter((subject) => subject.includes('no longer buy'))).toHaveLength(1)
  expect(await open(jar, '/account/apps')).toMatchObject({ status: 200 })
})
