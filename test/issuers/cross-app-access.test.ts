import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { auth, CrossAppAccessProvider, requestJwtAuthorizationGrant } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { introspect, RON_ID, ron } from '../endpoints/client.ts'
import { basicAuth } from '../support/http.ts'
import { JWT_BEARER, type LinkedShop, SECRET, startLinkedShop, type Trusted } from './linked-shop.ts'

const SERVICE = 'mcp-server'

let shop: LinkedShop
let company: Trusted
let mcp: Server
let resource: string
beforeAll(async () => {
  shop = await startLinkedShop()
  mcp = createServer(async (request, response) => {
    if (request.url !== '/.well-known/oauth-protected-resource/mcp') return void response.writeHead(404).end()
    // The shop's service hands on what the server says of it.
    const said = await fetch(`${shop.server.url}/resource-metadata?${new URLSearchParams({ resource })}`)
    response.writeHead(said.status, { 'content-type': 'application/json' }).end(await said.text())
  })
  await new Promise<void>((resolve) => mcp.listen(0, 'localhost', resolve))
  resource = `http://localhost:${(mcp.address() as AddressInfo).port}/mcp`
  const made = [
    await ask(shop.server, OWNER, 'POST', '/v1/resource-servers', {
      identifier: resource,
      scopes: ['orders:read', 'orders:write'],
      format: 'opaque',
    }),
    await ask(shop.server, OWNER, 'POST', '/v1/clients', {
      metadata: { client_id: SERVICE, first_party: true, grant_types: ['client_credentials'], introspects: [resource] },
      secret: SECRET,
    }),
    await ask(shop.server, OWNER, 'POST', '/v1/clients', {
      metadata: { client_id: 'assistant', grant_types: [JWT_BEARER], resource_scopes: ['orders:read'] },
      secret: SECRET,
    }),
  ]
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201])
  company = await shop.trust('id-jag')
  await company.connect({ email: ron.username, password: ron.password }, 'ron')
})
afterAll(async () => {
  mcp?.close()
  await shop?.stop()
})

test('an assistant of a company gets a token for an MCP server by the real CrossAppAccessProvider', async () => {
  const provider = new CrossAppAccessProvider({
    clientId: 'assistant',
    clientSecret: SECRET,
    expectedIssuer: shop.server.config.ISSUER,
    assertion: ({ authorizationServerUrl, resourceUrl, scope }) =>
      company.assert({ sub: 'ron', client_id: 'assistant', aud: authorizationServerUrl, resource: resourceUrl, scope }),
  })
  expect(await auth(provider, { serverUrl: resource, scope: 'orders:read orders:write' })).toBe('AUTHORIZED')
  const { access_token: token = '', scope, refresh_token } = provider.tokens() ?? {}
  expect([scope, refresh_token]).toEqual(['orders:read', undefined])
  expect(await introspect(shop.server.url, token, basicAuth(SERVICE, SECRET))).toMatchObject({
    active: true,
    sub: RON_ID,
    aud: resource,
    client_id: 'assistant',
  })
})

test('the ID-JAG comes from the provider by token exchange, as the package asks for it', async () => {
  const { provider } = company
  provider.replies.set('/token', async (_request, response) => {
    const access_token = await company.assert({ sub: 'ron', client_id: 'assistant', resource, scope: 'orders:read' })
    const issued_token_type = 'urn:ietf:params:oauth:token-type:id-jag'
    const body = { access_token, issued_token_type, token_type: 'N_A', expires_in: 60 }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const asked = await requestJwtAuthorizationGrant({
    tokenEndpoint: `${provider.issuer}/token`,
    audience: shop.server.config.ISSUER,
    resource,
    idToken: 'the ID token of the buyer',
    clientId: 'assistant-at-the-company',
    clientSecret: 'its secret there',
  })
  const answer = await company.trade(asked.jwtAuthGrant, {}, basicAuth('assistant', SECRET))
  expect(answer, answer.text).toMatchObject({ status: 200, body: { scope: 'orders:read', token_type: 'Bearer' } })
})
