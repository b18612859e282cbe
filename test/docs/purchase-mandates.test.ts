import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CALLBACK } from '../endpoints/client.ts'
import { asked, mandateShop } from '../mandates/shop.ts'
import { basicAuth } from '../support/http.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('the page of purchase mandates goes as it says: two clients, a hold, a capture, a withdrawal', async () => {
  const { url, adminUrl } = shop.server
  const walk = shop.walk('docs/how-to/purchase-mandates.md', {
    'https://id.shop.example': url,
    'https://assistant.example/callback': CALLBACK,
  })
  expect(await walk.next('assistant.json')).toContain('assistant')
  expect(await walk.next('checkout.json')).toContain('checkout')
  const secret = readFileSync(join(walk.directory, 'assistant_secret'), 'utf8').trim()
  const { mandated } = mandateShop(url, adminUrl, basicAuth('assistant', secret))
  const { access_token, id } = await mandated(asked({ categories: { scheme: 'shop', include: ['shoes'] } }))
  await walk.next('/introspect', { $token: access_token })
  await walk.next('/holds')
  expect(JSON.parse(await walk.next('/capture'))).toMatchObject({
    state: 'captured',
    amount: 2400,
    remaining: { amount: 17_600 },
  })
  const managed = await walk.next('mandates list')
  expect(managed).toContain(id)
  expect(managed).toContain('can buy nothing more')
  walk.end()
})
