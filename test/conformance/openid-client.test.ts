import * as openid from 'openid-client'
import { describe, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { arrival, discover, requestSignIn, signIn, sonia, submitLogin, THIRD_PARTY_CALLBACK } from './relying-party.ts'
import { setStage } from './stage.ts'

const CONSENT = 'form[action$="/consent"]'

describeOn('chromium', 'openid-client 6, a client we did not write, through the real pages', () => {
  const stage = setStage()
  const shop = () => discover(stage.server().url, 'frontend')
  const app = () => discover(stage.server().url, 'third-party-app', 'third-party-app-secret')
  const service = () => discover(stage.server().url, 'orders-service', 'orders-service-secret')

  async function signInAtShop(parameters?: Record<string, string>) {
    const config = await shop()
    const request = await requestSignIn(config, stage.client().callback, parameters)
    const callback = await stage.onNewBrowser((page) => signIn(page, request))
    return { config, request, callback, tokens: await openid.authorizationCodeGrant(config, callback, request.checks) }
  }

  test('discovery names every endpoint under the issuer, and PKCE', async () => {
    const metadata = (await shop()).serverMetadata()
    const endpoints = Object.entries(metadata).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri')
    expect(endpoints.map(([name]) => name)).toEqual(
      expect.arrayContaining(['authorization_endpoint', 'token_endpoint', 'introspection_endpoint', 'jwks_uri']),
    )
    for (const [name, url] of endpoints) expect(String(url), name).toMatch(`${stage.server().url}/`)
    expect(metadata.supportsPKCE()).toBe(true)
    const oauth = await fetch(`${stage.server().url}/.well-known/oauth-authorization-server`)
    expect(await oauth.json()).toEqual(expect.objectContaining({ issuer: metadata.issuer }))
  })

  test("the shop's own app signs a customer in without a question of consent, and gets tokens it can verify", async () => {
    const { config, tokens } = await signInAtShop()
    const claims = tokens.claims()
    expect(claims).toMatchObject({ aud: 'frontend', email: sonia.login, customer_reference: 'DE--21', amr: ['pwd'] })
    expect(tokens.scope).toBe('openid email customer company')
    expect(tokens.expiresIn()).toBeGreaterThan(28_790)

    const userinfo = await openid.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
    expect(userinfo).toMatchObject({ email: sonia.login, email_verified: true, id_customer: 21 })
    expect(userinfo.permissions).toContainEqual({
      key: 'ReadShoppingListPermissionPlugin',
      configuration: { id_shopping_list_collection: { 0: 1, 2: 2, 3: 3 } },
    })
  })

  test('a refresh gives new tokens, and a resource server that asks is told who they speak for', async () => {
    const { config, tokens } = await signInAtShop()
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    expect(refreshed.access_token).not.toBe(tokens.access_token)
    expect(refreshed.claims()).toMatchObject({ sub: tokens.claims()?.sub, auth_time: tokens.claims()?.auth_time })

    expect(await openid.tokenIntrospection(await service(), refreshed.access_token)).toMatchObject({
      active: true,
      client_id: 'frontend',
      sub: tokens.claims()?.sub,
      aud: 'urn:vestibule:commerce',
      customer_reference: 'DE--21',
    })
  })

  test('a revoked access token is inactive, and the rest of the sign-in goes on', async () => {
    const { config, tokens } = await signInAtShop()
    await openid.tokenRevocation(config, tokens.access_token)
    expect(await openid.tokenIntrospection(await service(), tokens.access_token)).toEqual({ active: false })
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(await openid.tokenIntrospection(await service(), refreshed.access_token)).toMatchObject({ active: true })
  })

  test('a revoked refresh token takes the access tokens of the sign-in along', async () => {
    const { config, tokens } = await signInAtShop()
    await openid.tokenRevocation(config, tokens.refresh_token ?? '', { token_type_hint: 'refresh_token' })
    expect(await openid.tokenIntrospection(await service(), tokens.access_token)).toEqual({ active: false })
    await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    await expect(openid.fetchUserInfo(config, tokens.access_token, tokens.claims()?.sub ?? '')).rejects.toThrow()
  })

  test('a code that is used twice is refused, and takes the tokens of its first use along', async () => {
    const { config, request, callback, tokens } = await signInAtShop()
    await expect(openid.authorizationCodeGrant(config, callback, request.checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
    expect(await openid.tokenIntrospection(await service(), tokens.access_token)).toEqual({ active: false })
  })

  test('a code is worth nothing without the verifier it was asked for with', async () => {
    const config = await shop()
    const request = await requestSignIn(config, stage.client().callback)
    const callback = await stage.onNewBrowser((page) => signIn(page, request))
    const checks = { ...request.checks, pkceCodeVerifier: openid.randomPKCECodeVerifier() }
    await expect(openid.authorizationCodeGrant(config, callback, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    })
  })

  describe('an app of somebody else', () => {
    test('is let in after the customer allows what it asks for, and is not asked about again', async () => {
      const config = await app()
      const first = await requestSignIn(config, THIRD_PARTY_CALLBACK, { scope: 'openid email orders:read' })
      const again = await requestSignIn(config, THIRD_PARTY_CALLBACK, { scope: 'openid email orders:read' })
      await stage.onNewBrowser(async (page) => {
        await page.goto(first.url.href)
        await submitLogin(page)
        await page.waitForSelector(CONSENT)
        expect(await page.locator('h1').textContent()).toContain('Third-party app')
        expect(await page.locator('main').textContent()).toContain(sonia.login)
        expect(await page.locator('main ul').textContent()).not.toMatch(/customer|company/i)

        const callback = await arrival(page, first.redirectUri, () => page.click(`${CONSENT} [value=allow]`))
        const tokens = await openid.authorizationCodeGrant(config, callback, first.checks)
        expect(tokens.claims()).toMatchObject({ aud: 'third-party-app', email: sonia.login })
        expect(tokens.scope).toBe('openid email orders:read')

        // Another tab: in this one the browser may still be saying that nobody listens at the callback.
        const tab = await page.context().newPage()
        const silent = await arrival(tab, again.redirectUri, () => tab.goto(again.url.href))
        expect((await openid.authorizationCodeGrant(config, silent, again.checks)).access_token).toBeTruthy()
      })
    })

    test('is sent away with access_denied when the customer does not allow it', async () => {
      const config = await app()
      const request = await requestSignIn(config, THIRD_PARTY_CALLBACK)
      await stage.onNewBrowser(async (page) => {
        await page.goto(request.url.href)
        await submitLogin(page)
        const callback = await arrival(page, request.redirectUri, () => page.click(`${CONSENT} [value=deny]`))
        await expect(openid.authorizationCodeGrant(config, callback, request.checks)).rejects.toMatchObject({
          error: 'access_denied',
        })
      })
    })

    test('asks again when it wants more than it was allowed', async () => {
      const config = await app()
      const less = await requestSignIn(config, THIRD_PARTY_CALLBACK, { scope: 'openid' })
      const more = await requestSignIn(config, THIRD_PARTY_CALLBACK, { scope: 'openid orders:write' })
      await stage.onNewBrowser(async (page) => {
        await page.goto(less.url.href)
        await submitLogin(page)
        await arrival(page, less.redirectUri, () => page.click(`${CONSENT} [value=allow]`))
        const tab = await page.context().newPage()
        await tab.goto(more.url.href)
        expect(await tab.locator('main ul li').allInnerTexts()).toHaveLength(1)
        const callback = await arrival(tab, more.redirectUri, () => tab.click(`${CONSENT} [value=allow]`))
        const tokens = await openid.authorizationCodeGrant(config, callback, more.checks)
        expect(tokens.scope).toBe('openid orders:write')
      })
    })
  })

  describe('signing out', () => {
    test('ends the session and the tokens, and leads back to the app with its state', async () => {
      const config = await shop()
      const request = await requestSignIn(config, stage.client().callback)
      const state = openid.randomState()
      const home = `${stage.client().origin}/`
      const tokens = await stage.onNewBrowser(async (page) => {
        const given = await openid.authorizationCodeGrant(config, await signIn(page, request), request.checks)
        const url = openid.buildEndSessionUrl(config, {
          id_token_hint: given.id_token ?? '',
          post_logout_redirect_uri: home,
          state,
        })
        const back = await arrival(page, home, () => page.goto(url.href))
        expect(back.searchParams.get('state')).toBe(state)

        const silent = await requestSignIn(config, stage.client().callback, { prompt: 'none' })
        const answer = await arrival(page, silent.redirectUri, () => page.goto(silent.url.href))
        expect(answer.searchParams.get('error')).toBe('login_required')
        return given
      })
      expect(await openid.tokenIntrospection(await service(), tokens.access_token)).toEqual({ active: false })
      await expect(openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      })
    })

    test('a person who is not signed in is led back as well', async () => {
      const config = await shop()
      const home = `${stage.client().origin}/`
      const url = openid.buildEndSessionUrl(config, { post_logout_redirect_uri: home })
      await stage.onNewBrowser(async (page) => {
        expect((await arrival(page, home, () => page.goto(url.href))).href).toBe(home)
      })
    })
  })
})
