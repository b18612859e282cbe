import { afterAll, beforeAll, expect, test } from 'vitest'
import { codeAt, secretOn, stepNow } from '../interaction/factor-shop.ts'
import { isSignedIn } from '../interaction/hosted-shop.ts'
import { postForm } from '../support/http.ts'
import type { LocalProvider } from '../support/local-provider.ts'
import { comeBy, type ShopWithUpstreams, startShopWithUpstreams } from './shop-with-upstreams.ts'

let shop: ShopWithUpstreams
let acme: LocalProvider
beforeAll(async () => {
  shop = await startShopWithUpstreams({ SECOND_FACTOR: 'required' })
  acme = await shop.addProvider('acme', 'oidc', { signs_out: true })
})
afterAll(() => shop?.stop())

test('who signs in at a provider sets up a second factor, and shows it from then on', async () => {
  acme.person = { sub: 'nora', email: 'nora@people.example', email_verified: true, amr: ['mfa'] }
  const visitor = shop.visitor()
  const setUp = await comeBy(visitor, 'acme')
  expect(setUp.url).toMatch(/\/second-factor-set-up$/)
  const secret = secretOn(setUp)
  const codes = await visitor.submit(setUp, '/second-factor-set-up', { code: await codeAt(secret, stepNow()) })
  expect(isSignedIn(await visitor.submit(codes, '/second-factor-done'))).toBe(true)

  const another = shop.visitor()
  const question = await comeBy(another, 'acme')
  expect(question.url).toMatch(/\/second-factor$/)
  const wrong = await another.submit(question, '/second-factor', { code: '000000', remember_device: '' })
  expect([wrong.status, isSignedIn(wrong)]).toEqual([422, false])
  const code = await codeAt(secret, stepNow() + 1)
  expect(isSignedIn(await another.submit(wrong, '/second-factor', { code, remember_device: '' }))).toBe(true)
})

test('a session in which a second factor was set up ends with the one at the provider all the same', async () => {
  acme.person = { sub: 'rosa', email: 'rosa@people.example', email_verified: true, sid: 'session-of-rosa' }
  const visitor = shop.visitor()
  const setUp = await comeBy(visitor, 'acme')
  const code = await codeAt(secretOn(setUp), stepNow())
  const codes = await visitor.submit(setUp, '/second-factor-set-up', { code })
  expect(isSignedIn(await visitor.submit(codes, '/second-factor-done'))).toBe(true)
  expect(isSignedIn(await visitor.openLogin())).toBe(true)
  const iat = Math.floor(Date.now() / 1000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const logout_token = await acme.sign(
    { sub: 'rosa', sid: 'session-of-rosa', iat, exp: iat + 120, jti: 'notice-of-rosa', events },
    { typ: 'logout+jwt' },
  )
  const told = await postForm(`${shop.server.url}/upstreams/acme/backchannel-logout`, { logout_token })
  expect([told.status, isSignedIn(await visitor.openLogin())]).toEqual([200, false])
})
