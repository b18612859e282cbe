import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask, OWNER } from '../admin/administrators.ts'
import { startDaemon } from '../support/daemon.ts'
import { freePort } from '../support/free-port.ts'
import { installPacked } from '../support/packed-resource-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import type { TestServer } from '../support/server.ts'
import { waitFor } from '../support/wait-for.ts'
import { blocksOf } from './page-walk.ts'

/** The MCP server of docs/how-to/mcp.md, as a process, registered at a server. */
export type McpShop = {
  readonly address: string
  /** Where its metadata document is. */
  readonly metadataAddress: string
  /** A token for another resource server, by whichever way. */
  otherToken(get: (resource: string) => Promise<string>): Promise<string>
  stop(): Promise<void>
}

export async function startMcpShop(server: TestServer): Promise<McpShop> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const address = `${origin}/mcp`
  const directory = temporaryDirectory('mcp-shop')
  const [code = ''] = blocksOf('docs/how-to/mcp.md', 'js')
  writeFileSync(join(directory, 'shop-mcp.mjs'), code)
  installPacked(directory, ['@modelcontextprotocol', 'express', 'zod'])
  await register(server, { identifier: address, scopes: ['orders:read', 'cart:manage'] })
  const daemon = await startDaemon(process.execPath, ['shop-mcp.mjs'], {
    cwd: directory,
    env: { ISSUER: server.url, RESOURCE: address, PORT: String(port) },
  })
  const metadataAddress = `${origin}/.well-known/oauth-protected-resource/mcp`
  await waitFor(async () => (await fetch(metadataAddress).catch(() => undefined))?.ok === true, {
    what: `${metadataAddress}: ${daemon.stderr()}`,
  })
  return {
    address,
    metadataAddress,
    async otherToken(get) {
      const resource = `${origin}/other`
      await register(server, { identifier: resource, scopes: ['other:read'] })
      return get(resource)
    },
    async stop() {
      await daemon.kill()
    },
  }
}

async function register(server: TestServer, resourceServer: object): Promise<void> {
  const made = await ask(server, OWNER, 'POST', '/v1/resource-servers', { format: 'jwt', ...resourceServer })
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}
