import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { signIn, sonia, submit } from '../endpoints/client.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { freePort } from '../support/free-port.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

/**
 * The conformance suite of the Model Context Protocol for authorization servers. It opens the callback, and waits for a person to
 * sign in at the address that it prints.
 */
const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
)

let server: TestServer
let resource: string
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, CLIENT_METADATA_DOCUMENTS: 'open' })
  resource = `${server.url}/mcp`
  await create('resource-servers', { identifier: resource, format: 'jwt', scopes: ['orders:read'] })
  await create('clients', {
    metadata: {
      client_id: 'conformance',
      client_name: 'Conformance suite',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1/callback'],
      default_scope: 'orders:read',
      resource_scopes: ['orders:read'],
    },
  })
})
afterAll(() => server?.stop())

async function create(what: string, body: object): Promise<void> {
  const made = await ask(server, OWNER, 'POST', `/v1/${what}`, body)
  if (made.status !== 201) throw new Error(JSON.stringify(made.body))
}

/** Signs in and allows, as a person would, and goes where that leads. */
async function visit(address: string, callback: string): Promise<void> {
  const jar = createCookieJar()
  let page = await jar.follow(await jar.fetch(address), { stopAt: callback })
  if (!page.url.startsWith(callback)) page = await signIn(jar, page, sonia, callback)
  if (!page.url.startsWith(callback)) page = await submit(jar, page, { decision: 'allow' }, callback)
  await fetch(page.url)
}

type Check = { readonly id: string; readonly status: string; readonly errorMessage?: string }

/** Runs all scenarios for an authorization server: their checks, and what was printed. */
async function run(): Promise<{ checks: readonly Check[]; output: string }> {
  const port = await freePort()
  const callback = `http://127.0.0.1:${port}/callback`
  const directory = temporaryDirectory('conformance')
  const options = { url: server.url, 'client-id': 'conformance', resource, port: String(port), 'output-dir': directory }
  const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [SUITE, 'authorization', ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let visited: Promise<void> | undefined
  const read = (chunk: Buffer) => {
    output += chunk.toString()
    const [address] = /https?:\/\/\S+\/authorize\?\S+(?=\s)/.exec(output) ?? []
    if (address) visited ??= visit(address, callback)
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  await new Promise((resolve) => child.on('close', resolve))
  await visited
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  const lists = files.sort().map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Check[])
  rmSync(directory, { recursive: true, force: true })
  return { checks: lists.flat(), output }
}

test('every check for authorization servers passes', async () => {
  const { checks, output } = await run()
  const told = checks.map(({ id, status, errorMessage }) => [id, status, errorMessage])
  expect(told, output).toEqual([
    ['authorization-code-grant', 'SUCCESS', undefined],
    ['authorization-server-metadata', 'SUCCESS', undefined],
    ['authorization-server-metadata-cimd', 'SUCCESS', undefined],
  ])
})
