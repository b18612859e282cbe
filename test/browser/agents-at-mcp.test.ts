import * as sdk2 from '@modelcontextprotocol/client'
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { arrival, submitLogin } from '../conformance/relying-party.ts'
import { setStage } from '../conformance/stage.ts'
import { type McpShop, startMcpShop } from '../docs/mcp-shop.ts'
import { obtainCode, read, redeem } from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { type DocumentServer, startDocumentServer } from '../support/document-server.ts'
import { postJson } from '../support/http.ts'

const CALLBACK = 'http://127.0.0.1:53000/callback'
const BOTH_SCOPES = ['cart:manage', 'orders:read']

/** What an agent keeps: its registration, its tokens, and where it sent its customer. */
type Kept = {
  client?: never
  discovered?: never
  tokens?: { access_token: string; refresh_token?: string; scope?: string }
  verifier: string
  asked: URL[]
}

/** The part of an agent that its maker writes, the same for both SDKs; `document` is the address of one about it. */
function createProvider(document?: string) {
  const kept: Kept = { verifier: '', asked: [] }
  const provider = {
    redirectUrl: CALLBACK,
    ...(document !== undefined && { clientMetadataUrl: document }),
    clientMetadata: {
      client_name: 'A careful agent',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    state: () => 'a-state',
    clientInformation: () => kept.client,
    // Of the SDK that made it.
    saveClientInformation(client: unknown) {
      kept.client = client as never
    },
    tokens: () => kept.tokens as never,
    saveTokens(tokens: unknown) {
      kept.tokens = tokens as never
    },
    redirectToAuthorization: (url: URL) => void kept.asked.push(url),
    saveCodeVerifier(verifier: string) {
      kept.verifier = verifier
    },
    saveDiscoveryState(state: unknown) {
      kept.discovered = state as never
    },
    discoveryState: () => kept.discovered,
    codeVerifier: () => kept.verifier,
  }
  return { kept, provider }
}

type Agent = {
  readonly kept: Kept
  connect(): Promise<void>
  call(tool: string, given?: Record<string, unknown>): Promise<string>
  /** What came back in the address of the callback. */
  finish(callback: URL): Promise<void>
}

const SDKS: Readonly<Record<string, (mcp: string, document?: string) => Agent>> = {
  'the SDK of the wire of 2025': (mcp, document) => {
    const { kept, provider } = createProvider(document)
    const transport = () => new StreamableHTTPClientTransport(new URL(mcp), { authProvider: provider })
    let current = transport()
    let client = new Client({ name: 'agent', version: '1' })
    return {
      kept,
      async connect() {
        current = transport()
        client = new Client({ name: 'agent', version: '1' })
        await client.connect(current as never) // its own types disagree about optional members
      },
      call: async (name, given = {}) => textOf(await client.callTool({ name, arguments: given })),
      finish: (callback) => current.finishAuth(callback.searchParams.get('code') ?? ''),
    }
  },
  'the SDK of the wire of 2026': (mcp, document) => {
    const { kept, provider } = createProvider(document)
    const transport = () => new sdk2.StreamableHTTPClientTransport(new URL(mcp), { authProvider: provider })
    let current = transport()
    let client = new sdk2.Client({ name: 'agent', version: '1' })
    return {
      kept,
      async connect() {
        current = transport()
        client = new sdk2.Client({ name: 'agent', version: '1' })
        await client.connect(current)
      },
      call: async (name, given = {}) => textOf(await client.callTool({ name, arguments: given })),
      finish: (callback) => current.finishAuth(callback.searchParams),
    }
  },
}

function textOf(result: unknown): string {
  const { content = [] } = result as { content?: { text?: string }[] } // of a tool of the page
  return content.map(({ text }) => text).join()
}

/** What was asked of the service; the newer SDK adds `offline_access`, because this server lists it. */
function scopesOf(request: URL | undefined): readonly string[] {
  const scopes = request?.searchParams.get('scope')?.split(' ') ?? []
  return scopes.filter((scope) => scope !== 'offline_access').sort()
}

describeOn('chromium', 'an agent that knows the address of an MCP server alone', () => {
  const stage = setStage({
    ADMIN_TOKEN: OWNER,
    DYNAMIC_REGISTRATION: 'open',
    DYNAMIC_REGISTRATION_SCOPES: '*',
    CLIENT_METADATA_DOCUMENTS: 'open',
  })
  let shop: McpShop
  let site: DocumentServer
  beforeAll(async () => {
    ;[shop, site] = await Promise.all([startMcpShop(stage.server()), startDocumentServer()])
  })
  afterAll(async () => {
    await Promise.all([shop?.stop(), site?.stop()])
  })

  /** The customer signs in where the agent sends them, and allows. */
  async function allow({ asked }: Kept): Promise<URL> {
    const address = asked.at(-1)
    if (!address) throw new Error('the agent sent nobody anywhere')
    return stage.onNewBrowser(async (page) => {
      await page.goto(address.href)
      return arrival(page, CALLBACK, async () => {
        await submitLogin(page)
        await page.locator('button[value="allow"]').click()
      })
    })
  }

  test.each(Object.keys(SDKS))(
    'finds its way in with %s, acts, refreshes, and asks for more in one round',
    async (name) => {
      const agent = SDKS[name]?.(shop.address)
      if (!agent) throw new Error(name)
      await expect(agent.connect()).rejects.toThrow()
      expect(agent.kept.asked[0]?.searchParams.get('resource')).toBe(shop.address)
      expect(scopesOf(agent.kept.asked[0])).toEqual(['orders:read'])
      await agent.finish(await allow(agent.kept))
      await agent.connect()
      expect(await agent.call('list_orders')).toMatch(/^orders of /)

      // A token that is over.
      const { refresh_token } = agent.kept.tokens ?? {}
      agent.kept.tokens = { ...agent.kept.tokens, access_token: 'over' }
      expect(await agent.call('list_orders')).toMatch(/^orders of /)
      expect(refresh_token).toBeTruthy()
      expect(agent.kept.tokens.refresh_token).not.toBe(refresh_token)
      expect(agent.kept.asked).toHaveLength(1)

      // The older SDK refreshes rather than asks, while it has a refresh token.
      if (name.includes('2025')) agent.kept.tokens = { access_token: agent.kept.tokens.access_token }
      await expect(agent.call('fill_cart', { sku: 'shoe' })).rejects.toThrow()
      expect(agent.kept.asked).toHaveLength(2)
      expect(scopesOf(agent.kept.asked[1])).toEqual(BOTH_SCOPES)
      await agent.finish(await allow(agent.kept))
      await agent.connect()
      expect(await agent.call('fill_cart', { sku: 'shoe' })).toMatch(/^shoe is in the cart of /)
      expect(await agent.call('list_orders')).toMatch(/^orders of /)
      expect(agent.kept.asked).toHaveLength(2)
    },
  )

  test.each(Object.keys(SDKS))(
    'finds its way in with %s and a document about itself, acts and refreshes',
    async (name) => {
      const document = site.put(`/${name.replaceAll(' ', '-')}.json`, { redirect_uris: ['http://127.0.0.1/callback'] })
      const agent = SDKS[name]?.(shop.address, document)
      if (!agent) throw new Error(name)
      await expect(agent.connect()).rejects.toThrow()
      expect(agent.kept.asked[0]?.searchParams.get('client_id')).toBe(document)
      await agent.finish(await allow(agent.kept))
      await agent.connect()
      expect(await agent.call('list_orders')).toMatch(/^orders of /)
      agent.kept.tokens = { ...agent.kept.tokens, access_token: 'over' }
      expect(await agent.call('list_orders')).toMatch(/^orders of /)
      expect(agent.kept.asked).toHaveLength(1)
    },
  )

  test('is warned by the newer SDK of an answer of another issuer, and redeems no code', async () => {
    const agent = SDKS['the SDK of the wire of 2026']?.(shop.address)
    if (!agent) throw new Error('no SDK')
    await expect(agent.connect()).rejects.toThrow()
    const callback = await allow(agent.kept)
    expect(callback.searchParams.get('iss')).toBe(stage.server().url)
    for (const iss of ['https://evil.example', `${stage.server().url}/`]) {
      const tampered = new URL(callback)
      tampered.searchParams.set('iss', iss)
      await expect(agent.finish(tampered)).rejects.toThrow(sdk2.IssuerMismatchError)
    }
    expect(agent.kept.tokens).toBeUndefined()
    await agent.finish(callback)
    await agent.connect()
  })

  test('is warned by the newer SDK of metadata of another issuer', async () => {
    const { provider, kept } = createProvider()
    const fetchFn: typeof fetch = async (address, init) => {
      const answer = await fetch(address, init)
      if (!String(address).includes('oauth-authorization-server')) return answer
      return Response.json({ ...((await answer.json()) as object), issuer: 'https://evil.example' })
    }
    await expect(sdk2.auth(provider, { serverUrl: shop.address, fetchFn })).rejects.toThrow()
    expect(kept.asked).toEqual([])
  })

  test('reads challenges with either SDK: all scopes, the metadata, the issuer, and an error only for a token', async () => {
    const call = (name: string, headers = {}) =>
      postJson(shop.address, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }, headers)
    for (const [headers, error] of [
      [{}, undefined],
      [{ authorization: 'Bearer wrong' }, 'invalid_token'],
    ] as const) {
      const answer = await call('fill_cart', headers)
      expect(answer.status).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain(`realm="${stage.server().url}"`)
      for (const extract of [extractWWWAuthenticateParams, sdk2.extractWWWAuthenticateParams])
        expect(extract(answer)).toMatchObject({
          resourceMetadataUrl: new URL(shop.metadataAddress),
          scope: 'orders:read cart:manage',
          ...(error && { error }),
        })
      expect(answer.headers.get('www-authenticate')?.includes('error')).toBe(error !== undefined)
      expect(answer.headers.get('www-authenticate')).not.toContain('offline_access')
    }
    const { body } = await read(fetch(shop.metadataAddress))
    expect(body).toMatchObject({ resource: shop.address, authorization_servers: [stage.server().url] })
    expect(JSON.stringify(body)).not.toContain('offline_access')
  })

  test('gets nowhere with a token for another service', async () => {
    const other = await shop.otherToken(async (resource) => {
      const fields = { resource, scope: 'other:read' }
      const { code, verifier } = await obtainCode(stage.server().url, fields)
      return (await read(redeem(stage.server().url, code, verifier, { resource }))).body.access_token
    })
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_orders', arguments: {} } }
    const answer = await postJson(shop.address, message, { authorization: `Bearer ${other}` })
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ])
  })
})
