import { afterAll, beforeAll, expect, test } from 'vitest'
import { read } from '../endpoints/client.ts'
import { postJson } from '../support/http.ts'
import { startPageServer } from './page-server.ts'

let shop: Awaited<ReturnType<typeof startPageServer>>
beforeAll(async () => {
  shop = await startPageServer({ DYNAMIC_REGISTRATION: 'token' })
})
afterAll(() => shop?.stop())

test('the page of agents at MCP servers goes as it says: a service, a known agent, and a token for unknown ones', async () => {
  const walk = shop.walk('docs/how-to/mcp.md', { 'https://id.shop.example': shop.server.url })
  const registered = await walk.next('resource-servers create shop-mcp.json')
  expect(registered).toContain('https://shop.example/mcp is registered')
  expect(registered).toContain('"resource":"https://shop.example/mcp"')
  expect(await walk.next('clients create desk-agent.json')).toContain('desk-agent is registered')
  const made = await walk.next('initial-tokens create partner-agents')
  expect(made).toMatch(/partner-agents +active +0 of 20/)
  walk.end()

  const [token] = /vrt_[\w-]+/.exec(made) ?? []
  const agent = { client_name: 'Partner', redirect_uris: ['http://127.0.0.1/callback'] }
  const answer = await read(postJson(`${shop.server.url}/register`, agent, { authorization: `Bearer ${token}` }))
  expect([answer.status, answer.body.token_endpoint_auth_method]).toEqual([201, 'none'])
})
