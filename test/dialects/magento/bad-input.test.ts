import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestServer, type TestServer } from '../../support/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer({ DIALECTS: 'magento' })
})
afterAll(() => server.stop())

const REST = [
  '/rest/V1/integration/customer/token',
  '/rest/V1/integration/admin/token',
  '/rest/V1/integration/customer/revoke-customer-token',
  '/rest/V1/customers/me',
  '/rest/V1/customers',
  '/rest/V1/customers/me/password',
  '/rest/V1/customers/resetPassword',
  '/rest/V1/customer/22/otp',
  '/rest/V1/unknown',
  '/rest/%00/V1/customers/me',
  '/rest/%zz/V1/customers/me',
  '/rest',
]
const ENDPOINTS = [...REST, '/graphql']
const BODIES: readonly (readonly [string, string])[] = [
  ['application/json', '{"__proto__":{"username":"a","password":"b"}}'],
  ['application/json', '{"username":{"a":1},"password":["b"]}'],
  ['application/json', '{"username":"a\\u0000b","password":"c\\u0000d"}'],
  ['application/json', `{"username":"\\ud800","password":"\\udfff"}`],
  ['application/json', '['.repeat(20_000)],
  ['application/json', JSON.stringify({ username: 'a'.repeat(50_000), password: 'b' })],
  ['application/json', 'null'],
  ['application/xml', '<a>'.repeat(10_000)],
  ['application/xml', '<!DOCTYPE a [<!ENTITY b "c">]><a><username>&b;</username></a>'],
  ['application/xml', '<a><__proto__><username>x</username></__proto__></a>'],
  ['application/xml;charset=utf-16', '<a/>'],
  ['multipart/form-data; boundary=x', '--x--'],
  ['', 'x'],
  ['application/json', 'x'.repeat(1024 * 1024)],
]

test.each(ENDPOINTS)(
  '%s answers every bad body in words of its own, and never with a failure of ours',
  async (path) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      for (const [type, body] of BODIES) {
        const headers = { 'content-type': type, 'x-test': 'bad' }
        const answer = await fetch(`${server.url}${path}`, { method, body, headers })
        const text = await answer.text()
        const said = `${method} ${path} ${type} ${body.slice(0, 40)} → ${answer.status} ${text.slice(0, 80)}`
        expect(answer.status, said).toBeGreaterThanOrEqual(path === '/graphql' ? 200 : 400)
        expect(answer.status, said).toBeLessThan(500)
        const parsed = JSON.parse(text) as { message?: string; errors?: object[] }
        expect(parsed.message ?? parsed.errors, said).toBeTruthy()
      }
    }
  },
)

test('a body of a megabyte is told that it is too large', async () => {
  const answer = await fetch(`${server.url}${REST[0]}`, {
    method: 'POST',
    body: 'x'.repeat(1024 * 1024),
    headers: { 'content-type': 'application/json' },
  })
  expect([answer.status, await answer.json()]).toEqual([413, { message: 'Request body is too large.' }])
})
