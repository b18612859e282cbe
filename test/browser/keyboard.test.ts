import { expect, test } from 'vitest'
import { arrival, discover, requestSignIn, sonia, THIRD_PARTY_CALLBACK } from '../conformance/relying-party.ts'
import { setStage } from '../conformance/stage.ts'
import { describeOn } from '../support/describe-on.ts'
import { enter, tabTo } from './keyboard.ts'

describeOn('chromium', 'by keyboard alone, seeing where the focus is', () => {
  const stage = setStage()

  test.each([
    ['with scripts', true],
    ['without scripts', false],
  ])('a customer signs in, allows an app and looks after the account, %s', async (_, javaScriptEnabled) => {
    await stage.onNewBrowser(
      async (page) => {
        const app = await discover(stage.server().url, 'third-party-app', 'third-party-app-secret')
        const { url } = await requestSignIn(app, THIRD_PARTY_CALLBACK, { prompt: 'consent' })
        await page.goto(url.href)
        await tabTo(page, '#login')
        await page.keyboard.type(sonia.login)
        await tabTo(page, '#password')
        await page.keyboard.type(sonia.password)
        await enter(page)
        if (await page.locator('[data-passkey=create]').count()) {
          await tabTo(page, 'form[action$="/passkey-later"] button')
          await enter(page)
        }
        await tabTo(page, '[name=decision][value=allow]')
        const callback = await arrival(page, THIRD_PARTY_CALLBACK, () => page.keyboard.press('Enter'))
        expect(callback.searchParams.has('code')).toBe(true)

        const account = await page.context().newPage()
        await account.goto(`${stage.server().url}/account`)
        await tabTo(account, 'a[href$="/account/profile"]')
        await enter(account)
        await tabTo(account, 'a[href$="/account/profile/edit"]')
        await enter(account)
        await tabTo(account, '#givenName')
        await account.keyboard.press('ControlOrMeta+a')
        await account.keyboard.type(javaScriptEnabled ? 'Sonja' : 'Sonia')
        await enter(account)
        expect(await account.getByRole('status').count()).toBe(1)
        await tabTo(account, 'a[href$="/logout"]')
        await enter(account)
        await tabTo(account, 'button.button-primary')
        await enter(account)
        await account.goto(`${stage.server().url}/account`)
        expect(await account.locator('#password').count(), 'the sign-in is asked for').toBe(1)
      },
      { javaScriptEnabled },
    )
  })
})
