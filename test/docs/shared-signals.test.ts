import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, sonia, tokensOf } from '../endpoints/client.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('the page of Shared Signals goes as it says: a receiver, a stream, a verification, and looking after it', async () => {
  const walk = shop.walk('docs/how-to/shared-signals.md', { 'https://id.shop.example': shop.server.url })
  expect(await walk.next('clients create siem.json')).toContain('siem')
  await walk.next('scope=ssf.manage')
  await walk.next('/ssf/streams')
  expect(await walk.next('/ssf/verify')).toContain('204')
  expect((await walk.next('"ack', { 'jti=$(': 'cat sets.json; jti=$(' })).trim()).toMatch(/\{"sets":\{\}\}$/)
  const managed = await walk.next('streams pause')
  expect(managed).toContain('is paused')
  expect(managed).toContain('is enabled')
  expect(await walk.next('streams remove')).toContain('is removed')
  walk.end()
})

test('the page of Global Token Revocation goes as it says: everything of the customer has ended', async () => {
  const { access_token: token } = await tokensOf(shop.server.url)
  expect((await introspect(shop.server.url, token)).active).toBe(true)
  const walk = shop.walk('docs/how-to/global-token-revocation.md', {
    'https://id.shop.example': shop.server.url,
    'sonia@shop.example': sonia.username,
  })
  await walk.next('clients create soc.json')
  expect(await walk.next('global-token-revocation')).toContain('204')
  expect((await introspect(shop.server.url, token)).active).toBe(false)
  walk.end()
})
