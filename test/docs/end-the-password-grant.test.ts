import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer()
})
afterAll(() => shop?.stop())

test('goes as its page says: who uses it, the day, the headers, and back', async () => {
  const walk = shop.walk('docs/how-to/end-the-password-grant.md', { 'http://localhost:4000': shop.server.url })
  const curl = () =>
    fetch(`${shop.server.url}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'password',
        client_id: 'frontend',
        username: 'sonia@spryker.com',
        password: 'change123',
      }),
    })
  expect((await curl()).headers.has('sunset')).toBe(false)
  expect(await walk.next('clients uses')).toMatch(/^\d{4}-\d\d-\d\d +password +frontend +1$/m)
  expect(await walk.next('grants_sunset')).toContain('frontend is changed')
  const answer = await walk.next('curl')
  expect(answer.toLowerCase().replaceAll('\r', '').trim().split('\n').sort()).toEqual([
    'deprecation: @1798761600',
    'http/1.1 200 ok',
    'sunset: wed, 30 jun 2027 00:00:00 gmt',
  ])
  await walk.next('sed')
  expect((await curl()).headers.has('sunset')).toBe(false)
  walk.end()
})
