import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, read, refresh, revoke, tokensOf } from '../endpoints/client.ts'
import { startPageServer } from './page-server.ts'

const NODE_MODULES = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules')

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('goes as its page says: the feed is found and read, and a service that follows it knows what was revoked', async () => {
  const { url } = shop.server
  const kept = await tokensOf(url)
  const signedOut = await tokensOf(url, { scope: 'customer' })
  const changes = { 'https://id.shop.example': url, 'npm install jose': `ln -s '${NODE_MODULES}' node_modules` }
  const walk = shop.walk('docs/how-to/follow-revocations.md', changes, { access_token: signedOut.access_token })
  expect(await walk.next('vestibule_revocation_feed')).toContain(`"${url}/revocations"`)
  await revoke(url, signedOut.refresh_token)
  expect(await walk.next('/revocations')).toContain('"entries":[[')
  await walk.next('revocations.mjs')
  expect(await walk.next('check.mjs')).toBe('revoked\n')
  expect((await introspect(url, signedOut.access_token)).active).toBe(false)
  expect(await walk.next('status_list')).toContain('urn:example:listed')
  walk.end()

  const again = shop.walk('docs/how-to/follow-revocations.md', changes, { access_token: kept.access_token })
  for (const text of ['vestibule_revocation_feed', '/revocations', 'revocations.mjs']) await again.next(text)
  expect(await again.next('check.mjs')).toBe('good\n')
  expect((await read(refresh(url, kept.refresh_token))).status).toBe(200)
})
