import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Login, ron, signIn, sonia, submit } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { startPageServer } from './page-server.ts'

const SHOP = 'https://shop.example/callback'
const REVIEWS = 'https://reviews.example/callback'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

/** A browser of a person; `open` answers where it ends, and what the page says. */
function browser() {
  const jar = createCookieJar()
  const at = async ({ url, response }: { url: string; response: Response }) => {
    const isBack = url.startsWith(SHOP) || url.startsWith(REVIEWS)
    const html = isBack ? '' : await response.clone().text()
    return {
      html,
      result: new URL(url).searchParams,
      isBack,
      signIn: async (login: Login, stopAt = SHOP) => at(await signIn(jar, { url, response }, login, stopAt)),
      answer: async (decision: string) => at(await submit(jar, { url, response }, { decision }, REVIEWS)),
    }
  }
  return {
    open: async (address: string) =>
      at(await jar.follow(await jar.fetch(address), { stopAt: address.includes('reviews.') ? REVIEWS : SHOP })),
  }
}

test('goes as its page says: who is asked, prompts, a client that always asks for a login, taking consent back', async () => {
  const walk = shop.walk('docs/how-to/consent-and-prompts.md', {
    'https://id.shop.example': shop.server.url,
    'sonia@shop.example': sonia.username,
  })
  await walk.next('--third-party')
  const own = (await walk.next('client_id=shop')).trim()
  const others = (await walk.next('client_id=reviews')).trim()

  const visitor = browser()
  const login = await visitor.open(own)
  expect(login.html).toContain('name="password"')
  expect((await login.signIn(sonia)).result.has('code')).toBe(true)
  const consent = await visitor.open(others)
  expect(consent.html).toContain('value="allow"')
  expect((await consent.answer('allow')).result.has('code')).toBe(true)
  expect((await visitor.open(others)).result.has('code')).toBe(true)
  expect((await visitor.open(others.replace('email', 'email%20profile'))).html).toContain('value="allow"')

  // Another browser: nothing is remembered there, and "nothing" leads back.
  const elsewhere = browser()
  const asked = await (await elsewhere.open(others)).signIn(sonia, REVIEWS)
  expect(asked.html).toContain('value="allow"')
  expect((await asked.answer('deny')).result.get('error')).toBe('access_denied')

  const silent = new URL((await walk.next('prompt=none')).trim())
  expect(silent.searchParams.get('error')).toBe('login_required')
  expect((await visitor.open(`${own}&prompt=none`)).result.has('code')).toBe(true)
  expect((await visitor.open(`${own}&prompt=none&login_hint=${ron.username}`)).result.get('error')).toBe(
    'login_required',
  )
  const wider = others.replace('email', 'email%20profile')
  expect((await visitor.open(`${wider}&prompt=none`)).result.get('error')).toBe('consent_required')
  expect((await visitor.open(`${own}&prompt=login`)).html).toContain('name="password"')
  expect((await visitor.open(`${own}&max_age=0`)).html).toContain('name="password"')
  expect((await visitor.open(`${own}&prompt=consent`)).html).toContain('value="allow"')
  expect((await visitor.open(`${own}&prompt=select_account`)).html).toContain('Continue as')
  expect((await visitor.open(`${own}&prompt=create`)).result.get('error')).toBe('invalid_request')
  expect((await browser().open(`${own}&login_hint=${ron.username}`)).html).toContain(`value="${ron.username}"`)

  const always = (await walk.next('ignore_prompt_login')).trim().split('\n').at(-1) ?? ''
  expect((await visitor.open(always)).result.has('code')).toBe(true)
  expect((await visitor.open(`${always}&max_age=0`)).html).toContain('name="password"')

  expect(await walk.next('grants sign-out client')).toContain('all tokens of reviews issued before')
  const signedOut = await visitor.open(others)
  expect(signedOut.html).toContain('name="password"')
  expect((await signedOut.signIn(sonia, REVIEWS)).html).toContain('value="allow"')
  walk.end()
})
