import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('goes as its page says: acting, the permission, ending, the switch, the trail, and what the customer sees', async () => {
  const { access_token: CUSTOMER_TOKEN } = await tokensOf(shop.server.url)
  const walk = shop.walk(
    'docs/how-to/support-access.md',
    { 'https://id.shop.example': shop.server.url },
    { AGENT_PASSWORD: 'change123', CUSTOMER_TOKEN },
  )
  await walk.next('grant:agent')
  const acting = (await walk.next('grant:impersonation', { '  sed ': '  tee token.json | sed ' })).trim()
  expect(acting).toBe('')
  expect(await walk.next('allow-support')).toBe('DE--21 allows support access\n')
  expect(await walk.next('--state waiting')).toBe('no support access\n')
  const ended = await walk.next('end "$id"')
  expect(ended).toContain('Ticket 4711: cart stays empty')
  expect(ended).toContain('the access of agent@example.com to customer')
  const switched = await walk.next('support-access off')
  expect(switched).toMatch(/^support access is off; ended: 0\nsupport access is off since .*\nsupport access is on\n$/)
  expect(await walk.next('audit list')).toContain('Ticket 4711')
  const seen = await walk.next('/support-access/permission')
  expect(seen).toMatch(/"reason":"Ticket 4711: cart stays empty".*"is_open":false.*\{"is_allowed":false\}/s)
  walk.end()
  expect(await introspect(shop.server.url, CUSTOMER_TOKEN)).toMatchObject({ active: true })
})
