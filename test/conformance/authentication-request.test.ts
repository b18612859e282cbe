import * as openid from 'openid-client'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { waitFor } from '../support/wait-for.ts'
import { arrival, discover, requestSignIn, signIn, sonia, submitLogin } from './relying-party.ts'
import { setStage } from './stage.ts'

describeOn('chromium', 'authentication requests (OIDC Core §3.1.2.1) by openid-client', () => {
  const stage = setStage()
  const shop = () => discover(stage.server().url, 'frontend')
  const request = async (parameters?: Record<string, string>) =>
    requestSignIn(await shop(), stage.client().callback, parameters)

  /** Signs in, then opens a second request in the same browser. */
  async function afterSignIn<Result>(
    parameters: Record<string, string>,
    use: (page: Page, second: Awaited<ReturnType<typeof request>>, first: openid.IDToken) => Promise<Result>,
  ): Promise<Result> {
    const [config, first, second] = [await shop(), await request(), await request(parameters)]
    return stage.onNewBrowser(async (page) => {
      const callback = await signIn(page, first)
      const tokens = await openid.authorizationCodeGrant(config, callback, first.checks)
      return use(page, second, tokens.claims() as openid.IDToken)
    })
  }

  test('prompt=none is answered login_required to a stranger, without a page', async () => {
    const silent = await request({ prompt: 'none' })
    await stage.onNewBrowser(async (page) => {
      const callback = await arrival(page, silent.redirectUri, () => page.goto(silent.url.href))
      await expect(openid.authorizationCodeGrant(await shop(), callback, silent.checks)).rejects.toMatchObject({
        error: 'login_required',
      })
    })
  })

  test('prompt=none gives a signed-in customer a code, without a page', async () => {
    await afterSignIn({ prompt: 'none' }, async (page, silent, first) => {
      const callback = await arrival(page, silent.redirectUri, () => page.goto(silent.url.href))
      const tokens = await openid.authorizationCodeGrant(await shop(), callback, silent.checks)
      expect(tokens.claims()).toMatchObject({ sub: first.sub, auth_time: first.auth_time })
    })
  })

  test('prompt=login asks for the password again', async () => {
    await afterSignIn({ prompt: 'login' }, async (page, second, first) => {
      await page.goto(second.url.href)
      await waitForNextSecond(first)
      const callback = await arrival(page, second.redirectUri, () => submitLogin(page))
      const tokens = await openid.authorizationCodeGrant(await shop(), callback, second.checks)
      expect(tokens.claims()?.auth_time).toBeGreaterThan(Number(first.auth_time))
    })
  })

  test('max_age asks again for a sign-in that is older, and not for one that is younger', async () => {
    await afterSignIn({ max_age: '10000' }, async (page, young, first) => {
      const callback = await arrival(page, young.redirectUri, () => page.goto(young.url.href))
      const checks = { ...young.checks, maxAge: 10_000 }
      const tokens = await openid.authorizationCodeGrant(await shop(), callback, checks)
      expect(tokens.claims()?.auth_time).toBe(first.auth_time)
    })
    await afterSignIn({ max_age: '1' }, async (page, old, first) => {
      await waitForNextSecond(first, 2)
      await page.goto(old.url.href)
      const callback = await arrival(page, old.redirectUri, () => submitLogin(page))
      const tokens = await openid.authorizationCodeGrant(await shop(), callback, { ...old.checks, maxAge: 1 })
      expect(tokens.claims()?.auth_time).toBeGreaterThan(Number(first.auth_time))
    })
  })

  test('login_hint is on the page already, and the cursor in the password field', async () => {
    const hinted = await request({ login_hint: sonia.login })
    await stage.onNewBrowser(async (page) => {
      await page.goto(hinted.url.href)
      expect(await page.inputValue('#login')).toBe(sonia.login)
      expect(await page.evaluate('document.activeElement.id')).toBe('password')
    })
  })

  test('ui_locales chooses the language of the page over that of the browser', async () => {
    const german = await request({ ui_locales: 'fi de' })
    await stage.onNewBrowser(async (page) => {
      await page.goto(german.url.href)
      expect(await page.locator('html').getAttribute('lang')).toBe('de')
      expect(await page.locator('h1').textContent()).toBe('Anmelden')
      await submitLogin(page, { ...sonia, password: 'falsch' })
      expect(await page.locator('html').getAttribute('lang')).toBe('de')
    })
  })

  test('claims asks for single claims, in the ID token or at userinfo', async () => {
    const claims = { id_token: { name: { essential: true } }, userinfo: { locale: null } }
    const config = await shop()
    const asked = await request({ scope: 'openid', claims: JSON.stringify(claims) })
    const callback = await stage.onNewBrowser((page) => signIn(page, asked))
    const tokens = await openid.authorizationCodeGrant(config, callback, asked.checks)
    expect(tokens.claims()).toMatchObject({ name: 'Sonia Wagner' })
    expect(tokens.claims()).not.toHaveProperty('email')
    const userinfo = await openid.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '')
    expect(userinfo).toMatchObject({ locale: 'de-DE' })
    expect(userinfo).not.toHaveProperty('email')
  })

  test('the ID token says how and when the person signed in; a wish for an unknown acr is no obstacle', async () => {
    const asked = await request({ acr_values: 'urn:example:gold' })
    const startedAt = Math.floor(Date.now() / 1000)
    const callback = await stage.onNewBrowser((page) => signIn(page, asked))
    const tokens = await openid.authorizationCodeGrant(await shop(), callback, asked.checks)
    expect(tokens.claims()).toMatchObject({ amr: ['pwd'], nonce: asked.checks.expectedNonce })
    expect(tokens.claims()?.auth_time).toBeGreaterThanOrEqual(startedAt)
  })

  test('an unknown parameter and a request without a nonce are no obstacle', async () => {
    const config = await shop()
    const asked = await request({ extra: 'ignored' })
    asked.url.searchParams.delete('nonce')
    const callback = await stage.onNewBrowser((page) => signIn(page, asked))
    const { expectedNonce: _none, ...checks } = asked.checks
    expect((await openid.authorizationCodeGrant(config, callback, checks)).claims()).not.toHaveProperty('nonce')
  })

  test('response_mode=form_post brings the answer in a form, which the browser sends by itself', async () => {
    const config = await shop()
    const asked = await request({ response_mode: 'form_post' })
    await stage.onNewBrowser((page) => signIn(page, asked))
    const posted = await waitFor(() => stage.client().posts.at(-1), { what: 'the form' })
    const answer = new Request(asked.redirectUri, { method: 'POST', body: new URLSearchParams(posted) })
    const tokens = await openid.authorizationCodeGrant(config, answer, asked.checks)
    expect(tokens.claims()).toMatchObject({ email: sonia.login })
  })

  test('a pushed request (RFC 9126) signs in like one in the address', async () => {
    const config = await shop()
    const asked = await request()
    const parameters = Object.fromEntries(asked.url.searchParams)
    const url = await openid.buildAuthorizationUrlWithPAR(config, parameters)
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    const callback = await stage.onNewBrowser((page) => signIn(page, { ...asked, url }))
    expect((await openid.authorizationCodeGrant(config, callback, asked.checks)).claims()).toMatchObject({
      email: sonia.login,
    })
  })

  test('an authorization request by POST leads to the same page', async () => {
    const asked = await request()
    const endpoint = `${asked.url.origin}${asked.url.pathname}`
    const fields = [...asked.url.searchParams].map(([name, value]) => `<input name="${name}" value="${value}">`)
    await stage.onNewBrowser(async (page) => {
      await page.goto(stage.client().origin)
      await page.setContent(`<form method="post" action="${endpoint}">${fields.join('')}<button>go</button></form>`)
      await page.click('button')
      await page.waitForSelector('#login')
      const callback = await arrival(page, asked.redirectUri, () => submitLogin(page))
      expect((await openid.authorizationCodeGrant(await shop(), callback, asked.checks)).access_token).toBeTruthy()
    })
  })
})

/** `auth_time` counts whole seconds: a second sign-in is told from the first only in another one. */
function waitForNextSecond({ auth_time: authTime }: openid.IDToken, seconds = 1): Promise<unknown> {
  return waitFor(() => Math.floor(Date.now() / 1000) > Number(authTime) + seconds - 1, { what: 'the next second' })
}
