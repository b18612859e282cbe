import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN, addClient } from '../storage/shop.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer(ADMIN)
})
afterAll(() => server?.stop())

test('a client that wants bound tokens is refused where no proxy hands certificates on, rather than given free ones', async () => {
  const wanting = addClient(server, { tls_client_certificate_bound_access_tokens: true })
  await expect(wanting).rejects.toThrow(/400 .*MTLS_CERTIFICATE_HEADER/)
  expect(await addClient(server, { tls_client_certificate_bound_access_tokens: false })).toMatch(/^client-/)
})
