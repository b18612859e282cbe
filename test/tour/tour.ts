/**
 * A walk through the house on real servers: two nodes on a private Postgres and a private Redis. A client is
 * registered, customers are imported with the hashes of their old shops, tokens are issued by every endpoint, keys rotate, a
 * customer is signed out everywhere; then what audit trail, metrics and console show of it. Ends with 1 where something
 * is not as it should be.
 *
 * npm run tour
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { runCli } from '../cli/run-cli.ts'
import { introspect } from '../endpoints/client.ts'
import { type Front, startFront } from '../keys/front.ts'
import { ADMIN_TOKEN, startNodes } from '../keys/server-nodes.ts'
import { startPostgres } from '../support/postgres-server.ts'
import { startRedis } from '../support/redis-server.ts'
import { closeRunDirectory, openRunDirectory, temporaryDirectory } from '../support/run-directory.ts'
import type { ServerProcess } from '../support/server.ts'
import { loadDemoInto } from '../support/templates.ts'
import { showConsole } from './console.ts'
import { BUYER, importLines } from './customers.ts'
import { ENDPOINTS, type Visitor } from './endpoints.ts'

const CUSTOMERS = 500

const directory = openRunDirectory()
const stops: (() => Promise<unknown>)[] = []
try {
  await walk(await startTwoNodes())
} catch (error) {
  console.error(`\nThe tour broke off: ${(error as Error).message}`)
  process.exitCode = 1
} finally {
  for (const stop of stops.reverse()) await stop()
  closeRunDirectory(directory)
}

async function startTwoNodes(): Promise<Nodes> {
  title('Two nodes on Postgres and Redis')
  const postgres = await startPostgres()
  stops.push(postgres.stop)
  const redis = await startRedis()
  stops.push(redis.stop)
  const DATABASE_URL = await postgres.createDatabase()
  await loadDemoInto(DATABASE_URL)
  const [first, second] = await startNodes(2, { DATABASE_URL, REDIS_URL: redis.url })
  if (!first || !second) throw new Error('two nodes were to start')
  for (const node of [first, second]) {
    stops.push(() => node.end('SIGTERM'))
    console.log(`node at ${node.url}, admin at ${node.adminUrl}`)
  }
  const issuer = String(first.settings.ISSUER)
  const balancer = await startFront(Number(new URL(issuer).port))
  stops.push(balancer.close)
  console.log(`one address for both: ${issuer}`)
  return { first, second, issuer, balancer }
}

type Nodes = {
  readonly first: ServerProcess
  readonly second: ServerProcess
  readonly issuer: string
  readonly balancer: Front
}

async function walk(nodes: Nodes): Promise<void> {
  const visitor = await prepare(nodes)
  const tokens = await openEveryEndpoint(nodes, visitor)
  await rotateKeys(nodes, tokens)
  await signOutTheBuyer(nodes, tokens)
  await showWhatIsKnown(nodes)
}

async function prepare({ first, second }: Nodes): Promise<Visitor> {
  title('A client is registered on one node, customers are imported on the other')
  const client = { id: 'tour-app', secret: 'a-secret-for-the-tour-app' }
  const metadata = {
    client_id: client.id,
    resource_scopes: ['*'],
    client_name: 'Tour',
    grant_types: ['client_credentials', 'password', 'refresh_token'],
  }
  const file = join(temporaryDirectory('tour'), 'tour-app.json')
  writeFileSync(file, JSON.stringify(metadata))
  await vestibule(first, ['clients', 'create', file, '--secret-stdin'], client.secret)
  await vestibule(second, ['customers', 'import', '-'], importLines(CUSTOMERS))
  await vestibule(second, ['customers', 'migration'])
  return { login: BUYER, client }
}

type Issued = { readonly endpoint: string; readonly token: string }

/** Each token is issued by one node, and introspected and verified by the other. */
async function openEveryEndpoint({ first, second, issuer, balancer }: Nodes, visitor: Visitor): Promise<Issued[]> {
  title('Tokens by every endpoint; issued by one node, checked by the other')
  const issued: Issued[] = []
  for (const [index, endpoint] of ENDPOINTS.entries()) {
    const [from, to] = index % 2 === 0 ? [first, second] : [second, first]
    balancer.turnTo(from)
    const token = await endpoint.open(issuer, visitor)
    const { active } = await introspect(to.url, token)
    if (active !== true) throw new Error(`${endpoint.name}: the other node does not know the token`)
    row(endpoint.name, token.includes('.') ? await verified(to, token) : 'opaque, introspected')
    issued.push({ endpoint: endpoint.name, token })
  }
  return issued
}

async function rotateKeys(nodes: Nodes, issued: readonly Issued[]): Promise<void> {
  title('Signing keys rotate; tokens from before go on')
  await vestibule(nodes.first, ['keys', 'rotate', '--force'])
  await vestibule(nodes.second, ['keys', 'list'])
  const structured = issued.filter(({ token }) => token.includes('.'))
  for (const { token } of structured) await verified(nodes.second, token)
  row('tokens from before the rotation that verify', `${structured.length} of ${structured.length}`)
}

async function signOutTheBuyer({ first, second }: Nodes, issued: readonly Issued[]): Promise<void> {
  title('The customer is signed out everywhere on one node; the other one knows')
  const owned = await Promise.all(
    issued.map(async (each) => ({ ...each, ...(await introspect(second.url, each.token)) })),
  )
  const [{ sub } = {}] = owned.filter(({ endpoint }) => endpoint === 'password') as { sub?: string }[]
  const response = await fetch(`${first.adminUrl}/v1/sign-outs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ of: 'customer', id: sub }),
  })
  if (!response.ok) throw new Error(`the sign-out was refused: ${await response.text()}`)
  for (const { endpoint, token } of issued) {
    const { active } = await introspect(second.url, token)
    row(endpoint, active ? 'active: it is not this customer’s' : 'inactive')
  }
}

async function showWhatIsKnown({ first, second }: Nodes): Promise<void> {
  title('What the audit trail has')
  await vestibule(first, ['audit', 'list', '--limit', '12'])
  await vestibule(first, ['audit', 'verify'])
  title('What the metrics of one node have')
  const metrics = await (await fetch(`${second.adminUrl}/metrics`)).text()
  const interesting = /^vestibule_(token_requests|logins|refresh|dialect_requests)_?\w*total\{.*$/gm
  console.log((metrics.match(interesting) ?? []).join('\n'))
  title('What the console shows')
  await showConsole(first, ADMIN_TOKEN)
}

async function verified({ url, settings }: ServerProcess, token: string): Promise<string> {
  const { protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(`${url}/jwks`)), {
    issuer: settings.ISSUER ?? url,
  })
  return `${protectedHeader.alg} ${protectedHeader.typ}, verified by the key set`
}

/** Runs the command line against `node` as an operator would, and shows what it printed. */
async function vestibule(node: ServerProcess, args: readonly string[], input?: string): Promise<void> {
  console.log(`$ vestibule ${args.join(' ')}`)
  const { code, stdout, stderr } = await runCli(args, { ADMIN_URL: node.adminUrl, ADMIN_TOKEN }, input)
  console.log(stdout.trimEnd())
  if (code !== 0) throw new Error(`vestibule ${args.join(' ')} ended with ${code}: ${stderr}`)
}

function title(text: string): void {
  console.log(`\n== ${text}\n`)
}

function row(name: string, value: string): void {
  console.log(`${name.padEnd(44)} ${value}`)
}
