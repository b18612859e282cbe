import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { request, sendRaw, statusOf } from './raw-request.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, ADMIN_HOSTS: 'Admin.Shop.Example, vestibule' })
})
afterAll(() => server.stop())

const PATHS = ['/console/sign-in', '/v1/health', '/v1/openapi.json', '/metrics', '/health/ready']
const ask = async (path: string, host: string) =>
  sendRaw(server.adminUrl, request(`GET ${path}`, [`Host: ${host}`, `Authorization: Bearer ${OWNER}`]))

test.each(PATHS)('a page that points a name of its own at the admin listener gets nothing from %s', async (path) => {
  for (const host of [
    'evil.example',
    'evil.example:4001',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'a',
    '@',
  ]) {
    const answer = await ask(path, host)
    expect([host, statusOf(answer)]).toEqual([host, 421])
    expect(answer).toContain('ADMIN_HOSTS')
  }
})

test.each(PATHS)('by a loopback name, an address or a name of ADMIN_HOSTS %s is served', async (path) => {
  const known = [
    'localhost',
    'LOCALHOST:4001',
    'shop.localhost',
    '127.0.0.1:1',
    '[::1]:4001',
    '10.1.2.3',
    'admin.shop.example',
    'vestibule:4001',
  ]
  for (const host of known) expect([host, statusOf(await ask(path, host))]).toEqual([host, 200])
})
