import * as openid from 'openid-client'
import { describe, expect, test } from 'vitest'
import { describeOn } from '../support/describe-on.ts'
import { startTestServer } from '../support/server.ts'
import { discover, sonia, submitLogin } from './relying-party.ts'
import { setStage } from './stage.ts'

describeOn('chromium', 'the device grant (RFC 8628) by openid-client', () => {
  const stage = setStage()
  const television = () => discover(stage.server().url, 'device-app')

  test('a device is connected by its code, a sign-in and a confirmation', async () => {
    const config = await television()
    const device = await openid.initiateDeviceAuthorization(config, { scope: 'openid email' })
    expect(device.user_code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
    await stage.onNewBrowser(async (page) => {
      await page.goto(device.verification_uri)
      await page.fill('#user_code', device.user_code.toLowerCase())
      await page.click('main button')
      await page.waitForSelector('text=Shop on TV')
      expect(await page.locator('main').textContent()).toContain(device.user_code)
      await page.click('main button.button-primary')
      await submitLogin(page)
      await page.click('form[action$="/consent"] [value=allow]')
      await page.waitForSelector('text=Your device is connected')
    })
    const tokens = await openid.pollDeviceAuthorizationGrant(config, device)
    expect(tokens.claims()).toMatchObject({ aud: 'device-app', email: sonia.login })
    expect((await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).access_token).toBeTruthy()
  })

  test('the address with the code in it leads to the confirmation at once', async () => {
    const config = await television()
    const device = await openid.initiateDeviceAuthorization(config, { scope: 'openid' })
    await stage.onNewBrowser(async (page) => {
      await page.goto(device.verification_uri_complete ?? '')
      await page.waitForSelector('text=Shop on TV')
      expect(await page.locator('main').textContent()).toContain(device.user_code)
    })
  })

  test('a device that the person does not connect is told access_denied', async () => {
    const config = await television()
    const device = await openid.initiateDeviceAuthorization(config, { scope: 'openid' })
    await stage.onNewBrowser(async (page) => {
      await page.goto(device.verification_uri_complete ?? '')
      await page.waitForSelector('text=Shop on TV')
      await page.click('button[name=abort]')
      await page.waitForSelector('[role=alert]')
    })
    await expect(openid.pollDeviceAuthorizationGrant(config, device)).rejects.toMatchObject({ error: 'access_denied' })
  })

  test('a wrong code is refused on the page', async () => {
    await stage.onNewBrowser(async (page) => {
      await page.goto(`${stage.server().url}/device`)
      await page.fill('#user_code', 'ZZZZ-ZZZZ')
      await page.click('main button')
      expect(await page.locator('[role=alert]').textContent()).toContain('wrong or no longer valid')
    })
  })
})

describe('machines by openid-client', () => {
  test('a service signs in for itself, and its token speaks for nobody else', async () => {
    const server = await startTestServer()
    try {
      const config = await discover(server.url, 'orders-service', 'orders-service-secret')
      const tokens = await openid.clientCredentialsGrant(config)
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toMatchObject({
        active: true,
        sub: 'orders-service',
        client_id: 'orders-service',
      })
      await openid.tokenRevocation(config, tokens.access_token)
      expect(await openid.tokenIntrospection(config, tokens.access_token)).toEqual({ active: false })

      const wrong = await discover(server.url, 'orders-service', 'not the secret')
      await expect(openid.clientCredentialsGrant(wrong)).rejects.toMatchObject({
        cause: [{ scheme: 'basic', parameters: { error: 'invalid_client' } }],
      })

      const dPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
      const bound = await openid.clientCredentialsGrant(config, undefined, { DPoP: dPoP })
      expect(bound.token_type).toBe('dpop')
      expect(await openid.tokenIntrospection(config, bound.access_token)).toMatchObject({ token_type: 'DPoP' })
    } finally {
      await server.stop()
    }
  })
})
