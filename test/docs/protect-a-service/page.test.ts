import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../../src/config.ts'
import { runCommand } from '../../cli/run-command.ts'
import { decode, introspect, ordersService, read, ron, thirdParty, tokensOf, userinfo } from '../../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../../keys/server-nodes.ts'
import { basicAuth } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const PAGE = readFileSync(new URL('../../../docs/how-to/protect-a-service.md', import.meta.url), 'utf8')
const COMMERCE = 'urn:vestibule:commerce'
const FULL = 'urn:example:full-permissions'
/** Where the examples serve. */
const EXAMPLE = 'http://localhost:8090'
const VISITORS = 'urn:example:visitors'
/** What differs from token to token; its type does not. */
const OF_THE_MOMENT = /^(iss|jti|gid|parent_gid|iat|iat_ms|exp|auth_time)$/
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

type Claims = Record<string, unknown>

let server: TestServer
let tokens: Record<string, string>
/** A client that may introspect the tokens of every resource server. */
let asker: Record<string, string>

beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN })
  for (const more of [
    { identifier: FULL, hasFullPermissions: true },
    { identifier: VISITORS, anonymousScopes: [] },
  ]) {
    const made = await askAdmin(server, 'POST', '/v1/resource-servers', {
      scopes: ['orders:read'],
      format: 'jwt',
      ...more,
    })
    expect(made.status).toBe(201)
  }
  tokens = await tokensByHeading()
  asker = await introspecting()
})
afterAll(() => server?.stop())

/** JSON blocks by the heading that they stand under. */
const EXAMPLES = new Map(
  [...PAGE.matchAll(/^##+ ([^\n]+)\n(?:(?!^#)[^\n]*\n)*?```json\n(.*?)^```$/gms)].map(
    ([, heading = '', json = '']) => [heading, JSON.parse(json) as Claims] as const,
  ),
)

describe('what the page says a token holds is what it holds', () => {
  test.each([
    'A company user',
    'A customer without a company',
    'An agent who acts for a customer',
    'A service that calls with a customer’s token',
    'A service of its own',
  ])('%s', (heading) => {
    const { header, payload } = decode(tokens[heading] ?? '')
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect(comparable(payload)).toEqual(comparable(EXAMPLES.get(heading) ?? {}))
  })

  test('introspection', async () => {
    const said = await introspect(server.url, tokens['A company user'] ?? '')
    expect(comparable(said)).toEqual(comparable(EXAMPLES.get('Introspection') ?? {}))
  })

  test('every claim is explained', () => {
    const rows = [...PAGE.matchAll(/^\| (`[a-z_`, ]+`) \|/gm)].flatMap(
      ([, names = '']) => names.match(/[a-z_]+/g) ?? [],
    )
    const seen = Object.values(tokens).flatMap((token) => Object.keys(decode(token).payload))
    expect([...new Set(seen)].filter((claim) => !rows.includes(claim))).toEqual([])
    expect(seen).toEqual(expect.arrayContaining(['id_agent', 'anonymous_id', 'grant_client_id', 'act']))
  })
})

describe('permissions', () => {
  const sonia = (resource: string) => tokensOf(server.url, { scope: 'openid customer company', resource })
  const keysOf = (permissions: unknown) => (permissions as { key: string }[]).map(({ key }) => key)
  const objects = () => EXAMPLES.get('Introspection')?.permissions

  test.each([COMMERCE, FULL, 'urn:vestibule:warehouse', 'urn:vestibule:dialect:spryker'])(
    'are objects in introspection, whatever the token of %s is like',
    async (resource) => {
      const { access_token } = await sonia(resource)
      expect((await introspect(server.url, access_token, asker)).permissions).toEqual(objects())
    },
  )

  test('are objects at userinfo, and keys in the same order in JWTs', async () => {
    const { access_token, id_token } = await sonia(COMMERCE)
    expect((await read(userinfo(server.url, access_token))).body.permissions).toEqual(objects())
    expect(decode(access_token).payload.permissions).toEqual(keysOf(objects()))
    expect(decode(id_token).payload.permissions ?? keysOf(objects())).toEqual(keysOf(objects()))
  })

  test('are the same objects in a JWT whose resource server has hasFullPermissions', async () => {
    expect(decode((await sonia(FULL)).access_token).payload.permissions).toEqual(objects())
  })
})

test('the commands of the page register a resource server and a client that may introspect its tokens', async () => {
  const [script = ''] = /^cat > orders\.json.*?^```$/ms.exec(PAGE) ?? []
  const files = [...script.matchAll(/^cat > (\S+) <<'JSON'\n(.*?)^JSON$/gms)]
  const commands = [...script.matchAll(/^npx vestibule (.*)$/gm)].map(([, line = '']) => line.split(' '))
  expect([files.length, commands.length]).toEqual([2, 2])
  const directory = join(server.config.DATA_DIR, 'pasted')
  mkdirSync(directory, { recursive: true })
  for (const [, name = '', text = ''] of files) writeFileSync(join(directory, name), text)
  const said = []
  for (const [group = '', action = '', file = ''] of commands) {
    const args = [group, action, join(directory, file), '--json']
    const result = await runCommand(args, { ADMIN_URL: server.adminUrl, ADMIN_TOKEN })
    expect(result, result.stderr).toMatchObject({ code: 0 })
    said.push(JSON.parse(result.stdout))
  }
  const secret = String(said[1].secret ?? said[1].client_secret)
  const { access_token } = await tokensOf(server.url, { resource: 'urn:example:orders', scope: 'orders:read' })
  const found = await introspect(server.url, access_token, basicAuth('orders', secret))
  expect(found).toMatchObject({ active: true, aud: 'urn:example:orders', scope: 'orders:read' })
  expect(Number(found.exp) - Number(found.iat)).toBe(900)
})

test('the addresses on the pages are those of "npm start"', () => {
  const folder = new URL('../../../docs/how-to/protect-a-service/', import.meta.url)
  const pages = [PAGE, ...readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'))]
  const named = pages.map((page) => new Set(page.match(/http:\/\/localhost:\d+/g)))
  const { ISSUER } = readConfig({})
  for (const addresses of named) expect(addresses).toContain(ISSUER)
  const others = named.flatMap((addresses) => [...addresses]).filter((each) => each !== ISSUER && each !== EXAMPLE)
  expect(others).toEqual([])
})

/** A token or answer whose values of the moment are reduced to their type. */
function comparable(claims: Claims): Claims {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => {
      if (OF_THE_MOMENT.test(name)) return [name, typeof value]
      if (name === 'act' || name === 'sub') return [name, JSON.parse(JSON.stringify(value).replace(UUID, 'some-uuid'))]
      return [name, value]
    }),
  )
}

async function introspecting(): Promise<Record<string, string>> {
  const secret = 'a-secret-that-is-long-enough-for-a-test'
  const metadata = {
    client_id: 'asks-everything',
    first_party: true,
    grant_types: ['client_credentials'],
    introspects: ['urn:*'],
  }
  const made = await askAdmin(server, 'POST', '/v1/clients', { metadata, secret })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return basicAuth('asks-everything', secret)
}

async function tokensByHeading(): Promise<Record<string, string>> {
  const { url } = server
  const token = async (...asked: Parameters<typeof tokensOf> extends [string, ...infer Rest] ? Rest : never) =>
    (await tokensOf(url, ...asked)).access_token
  const AGENT = { grant_type: 'urn:vestibule:grant:agent', username: 'agent@example.com', password: 'change123' }
  const agent = await token({ ...AGENT, scope: 'agent orders:read' })
  const acting = await token({
    grant_type: 'urn:vestibule:grant:impersonation',
    subject_token: agent,
    customer_reference: 'DE--22',
    scope: 'customer orders:read',
  })
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: acting,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    resource: COMMERCE,
    scope: 'customer',
  }
  return {
    'A company user': await token({ scope: 'customer company orders:read' }),
    'A customer without a company': await token({ ...ron, scope: 'customer orders:read' }),
    'An agent who acts for a customer': acting,
    'A service that calls with a customer’s token': await token(exchange, ordersService),
    'A service of its own': await token(
      { grant_type: 'client_credentials', resource: COMMERCE, scope: 'orders:read' },
      ordersService,
    ),
    'an agent': agent,
    'a visitor': await token(
      {
        grant_type: 'urn:vestibule:grant:anonymous',
        resource: VISITORS,
        anonymous_id: 'visitor-1',
      },
      thirdParty,
    ),
  }
}
