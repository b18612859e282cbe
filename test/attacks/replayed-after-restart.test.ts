import { afterAll, expect, test } from 'vitest'
import { introspect, read, refresh } from '../endpoints/client.ts'
import { ADMIN, addClient, signInBy } from '../storage/shop.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

let server: ServerProcess | undefined
afterAll(() => server?.kill())

test('a rotated refresh token is theft after a restart too: its sign-in is over', async () => {
  server = await startServerProcess(ADMIN)
  const client_id = await addClient(server, { refresh_retry_seconds: 0 })
  const { refresh_token } = await signInBy(server, client_id)
  const { body: next } = await read(refresh(server.url, refresh_token, { client_id }))
  await server.kill()
  server = await startServerProcess(server.settings)
  expect(await introspect(server.url, next.access_token)).toMatchObject({ active: true })
  expect((await read(refresh(server.url, refresh_token, { client_id }))).body.error).toBe('invalid_grant')
  expect((await read(refresh(server.url, next.refresh_token, { client_id }))).body.error).toBe('invalid_grant')
  expect(await introspect(server.url, next.access_token)).toEqual({ active: false })
})
