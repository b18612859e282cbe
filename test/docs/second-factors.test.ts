import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { decode, pkce, read, redeem, signIn, sonia } from '../endpoints/client.ts'
import { codeAt, recoveryCodesOn, secretOn, stepNow } from '../interaction/factor-shop.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { basicAuth, readForm } from '../support/http.ts'
import { startPageServer } from './page-server.ts'

const SHOP = 'https://shop.example/callback'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('goes as its page says: a client that requires one, step-up, the password grant, and a reset', async () => {
  const walk = shop.walk(
    'docs/how-to/second-factors.md',
    { 'https://id.shop.example': shop.server.url, 'sonia@shop.example': sonia.username },
    { password: sonia.password },
  )
  await walk.next('require_second_factor')
  const strong = (await walk.next('acr_values')).trim()
  const essential = (await walk.next('essential')).trim()

  const jar = createCookieJar()
  const open = async (address: string) => jar.follow(await jar.fetch(address), { stopAt: SHOP })
  const send = async (page: { url: string; response: Response }, fields: Record<string, string>) => {
    const form = readForm(await page.response.text(), page.url)
    const body = new URLSearchParams({ ...form.fields, ...fields })
    return jar.follow(await jar.fetch(form.action, { method: 'POST', body }), { stopAt: SHOP })
  }
  const setUp = await signIn(jar, await open(strong), sonia, SHOP)
  const html = await setUp.response.clone().text()
  const codes = await send(setUp, { code: await codeAt(secretOn({ ...pageOf(setUp), html }), stepNow()) })
  recoveryCodesOn({ ...pageOf(codes), html: await codes.response.clone().text() })
  expect(new URL((await send(codes, {})).url).searchParams.has('code')).toBe(true)

  // The page's verifier is nobody's: another request of the same kind is redeemed.
  const { verifier, challenge } = pkce()
  const again = await open(essential.replace(/code_challenge=[^&]+/, `code_challenge=${challenge}`))
  const code = new URL(again.url).searchParams.get('code') ?? ''
  const secret = 'the-secret-of-the-shop-in-this-test-0123456789'
  await ask(shop.server, shop.token, 'POST', '/v1/clients/shop/secrets', { name: 'test', secret })
  const { body } = await read(
    redeem(shop.server.url, code, verifier, { redirect_uri: SHOP }, basicAuth('shop', secret)),
  )
  expect(decode(body.id_token).payload).toMatchObject({ acr: 'urn:vestibule:acr:second-factor' })

  expect(JSON.parse(await walk.next('grant_type=password'))).toMatchObject({ error: 'second_factor_required' })
  expect(await walk.next('reset')).toContain('a password is enough')
  walk.end()
})

function pageOf({ url, response }: { url: string; response: Response }) {
  return { url, status: response.status, headers: response.headers }
}
