import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, isSignedIn, startHostedShop } from './hosted-shop.ts'

const HOME = 'http://localhost:8080/'
/** Where every page at an end leads as well. */
const ACCOUNT = '/account'
let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

/** Where the page itself leads, without the links of every page. */
const linksOf = (html: string) =>
  [...(/<main.*<\/main>/s.exec(html)?.[0] ?? '').matchAll(/<a\b[^>]*href="([^"]*)"/g)].map(([, address]) => address)

/** A page of a sign-in that this browser has behind it. */
async function signedInFrom(fields: Record<string, string> = {}) {
  const visitor = shop.visitor()
  const customer = await shop.addCustomer()
  const login = await visitor.openLogin(fields)
  const wrong = await visitor.submit(login, '/login', { login: customer.email, password: 'wrong' })
  expect(wrong.status).toBe(422)
  const done = await visitor.submit(login, '/login', { login: customer.email, password: customer.password })
  expect(isSignedIn(done)).toBe(true)
  return { visitor, path: new URL(login.url).pathname }
}

test('going back after a sign-in leads on to the client, from every page of it', async () => {
  const { visitor, path } = await signedInFrom()
  for (const step of ['', '/login', '/consent', '/abort', '/new-password']) {
    const page = await visitor.open(path + step)
    expect([step, page.status, linksOf(page.html)]).toEqual([step, 400, [HOME, ACCOUNT]])
    expect(page.html).toContain('Go to Demo storefront')
    expect(page.html).not.toContain('type="password"')
  }
})

test('a form that is sent once more after the sign-in leads on as well', async () => {
  const { visitor, path } = await signedInFrom()
  const again = await visitor.jar.fetch(`${shop.server.url}${path}/login`, {
    method: 'POST',
    body: new URLSearchParams({ login: 'x', password: 'y', csrf: 'z' }),
  })
  expect([again.status, linksOf(await again.text())]).toEqual([400, [HOME, ACCOUNT]])
})

test('cancelling, and going back, leads on as well', async () => {
  const visitor = shop.visitor()
  const login = await visitor.openLogin()
  await visitor.submit(login, '/abort')
  expect(linksOf((await visitor.open(new URL(login.url).pathname)).html)).toEqual([HOME, ACCOUNT])
})

test('another browser learns nothing of the client, and an invented one leads nowhere', async () => {
  const { path } = await signedInFrom()
  expect(linksOf((await shop.visitor().open(path)).html)).toEqual([ACCOUNT])
  for (const name of ['nobody', 'https://evil.example/', '\0', '']) {
    const cookie = `vestibule.client=${Buffer.from(name).toString('base64url')}`
    const page = await fetch(shop.server.url + path, { headers: { cookie } })
    expect([page.status, linksOf(await page.text())]).toEqual([400, [ACCOUNT]])
  }
})
