import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createShopService } from '../../docs/how-to/shop-directory-example.ts'
import { openDatabase } from '../../src/database/index.ts'
import { ask } from '../admin/administrators.ts'
import { ADMIN_TOKEN } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { freePort } from '../support/free-port.ts'
import { startRedis } from '../support/redis-server.ts'
import { temporaryDirectory } from '../support/run-directory.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'
import { makeTlsFiles } from '../support/tls-files.ts'
import { runCli } from './run-cli.ts'

type Finding = { check: string; isWell: boolean; detail: string }

const closeSteps: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closeSteps.splice(0).reverse()) await close()
})

async function serve(settings: TestSettings = {}): Promise<TestServer> {
  const server = await startTestServer(settings)
  closeSteps.push(server.stop)
  return server
}

async function examine({ config }: TestServer, settings: TestSettings = {}) {
  const { ISSUER, PORT, DATA_DIR, KEYS_URL, TRUSTED_PROXIES } = config
  const own = { ISSUER, PORT: String(PORT), DATA_DIR, KEYS_URL, TRUSTED_PROXIES: TRUSTED_PROXIES.join(',') }
  const { code, stdout } = await runCli(['doctor', '--json'], { ...own, ...settings })
  const { findings } = JSON.parse(stdout) as { findings: Finding[] }
  return { code, ill: findings.filter(({ isWell }) => !isWell), checks: findings.map(({ check }) => check) }
}

/** Passes requests on, as a proxy in front would, with headers of the request and the answer changed. */
async function startProxy(
  port: number,
  change: { request?: (headers: Record<string, unknown>) => void; date?: string } = {},
): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers }
    change.request?.(headers)
    const passed = request(
      { host: '127.0.0.1', port, path: incoming.url, method: incoming.method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...(change.date && { date: change.date }) })
        answer.pipe(outgoing)
      },
    )
    incoming.pipe(passed)
  })
  return listen(proxy)
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closeSteps.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

/** A server whose ISSUER is a proxy in front of it. */
async function serveBehind(change: Parameters<typeof startProxy>[1], settings: TestSettings = {}): Promise<TestServer> {
  const port = await freePort()
  const ISSUER = await startProxy(port, change)
  return serve({ PORT: String(port), ISSUER, ...settings })
}

test('finds nothing wrong with a fresh server, and says that it looked at everything', async () => {
  const { code, ill, checks } = await examine(await serve())
  expect(ill).toEqual([])
  expect(code).toBe(0)
  const all = [
    'database',
    'storage',
    'keys',
    'mail',
    'issuer',
    'clock',
    'proxy headers',
    'secret files',
    'cookies',
    'clients',
    'dialects',
    'default resource',
  ]
  expect(checks).toEqual(expect.arrayContaining(all))
})

describe('says what is wrong and how to mend it', () => {
  test('when no server runs', async () => {
    const server = await serve()
    await server.stop()
    closeSteps.length = 0
    const { code, ill } = await examine(server)
    expect(code).toBe(1)
    expect(ill.map(({ check }) => check)).toEqual(['admin', 'server', 'issuer'])
    expect(ill[1]?.detail).toContain('npx vestibule serve')
  })

  test('when settings cannot be read', async () => {
    const { ill } = await examine(await serve(), { LOG_LEVEL: 'loud' })
    expect(ill).toEqual([{ check: 'settings', isWell: false, detail: expect.stringContaining('LOG_LEVEL') }])
  })

  test('when ISSUER leads nowhere', async () => {
    const { ill } = await examine(await serve(), { ISSUER: `http://localhost:${await freePort()}` })
    expect(ill).toEqual([{ check: 'issuer', isWell: false, detail: expect.stringContaining('Correct ISSUER') }])
  })

  test('when ISSUER leads to another server', async () => {
    const [server, other] = [await serve(), await serve()]
    const { ill } = await examine(server, { ISSUER: `${other.url}/elsewhere` })
    expect(ill.map(({ check }) => check)).toEqual(['issuer'])
  })

  test('when the certificate of ISSUER or of the customer service is not trusted here', async () => {
    const { key, cert } = makeTlsFiles()
    const address = await listen(createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }))
    const url = address.replace('http:', 'https:')
    const { ill } = await examine(await serve(), { ISSUER: url, SHOP_DIRECTORY_URL: url })
    const detail = expect.stringMatching(/UNABLE_TO_VERIFY_LEAF_SIGNATURE.*NODE_EXTRA_CA_CERTS/)
    expect(ill).toEqual(['issuer', 'customer service'].map((check) => ({ check, isWell: false, detail })))
  })

  test('when clocks differ', async () => {
    const server = await serveBehind({ date: new Date(Date.now() - 600_000).toUTCString() })
    const { ill } = await examine(server)
    expect(ill).toEqual([
      { check: 'clock', isWell: false, detail: expect.stringMatching(/\d+ s\. Run a time service/) },
    ])
  })

  test('when a proxy is not trusted', async () => {
    const server = await serveBehind({
      request: (headers) => Object.assign(headers, { 'x-forwarded-for': '198.51.100.7' }),
    })
    const { ill } = await examine(server)
    expect(ill).toEqual([
      { check: 'proxy headers', isWell: false, detail: expect.stringContaining('Set TRUSTED_PROXIES=127.0.0.1') },
    ])
  })

  test('when a proxy lets visitors claim any address', async () => {
    const { ill } = await examine(await serveBehind({}, { TRUSTED_PROXIES: '127.0.0.1' }))
    expect(ill).toEqual([
      {
        check: 'proxy headers',
        isWell: false,
        detail: expect.stringContaining('clients can forge their address: the server accepted a false one'),
      },
    ])
  })

  test('and nothing when a trusted proxy of this very machine adds to what a visitor claims', async () => {
    const append = (headers: Record<string, unknown>) => {
      const before = headers['x-forwarded-for']
      headers['x-forwarded-for'] = before ? `${before}, 127.0.0.1` : '127.0.0.1'
    }
    const { ill } = await examine(await serveBehind({ request: append }, { TRUSTED_PROXIES: '127.0.0.1' }))
    expect(ill).toEqual([])
  })

  test('and nothing when a trusted proxy says who the visitor is', async () => {
    const change = {
      request: (headers: Record<string, unknown>) => Object.assign(headers, { 'x-forwarded-for': '198.51.100.7' }),
    }
    const { ill } = await examine(await serveBehind(change, { TRUSTED_PROXIES: '127.0.0.1' }))
    expect(ill).toEqual([])
  })

  test('when the issuer is plain http on the network', async () => {
    const { ill } = await examine(await serve(), { ISSUER: 'http://shop.invalid' })
    expect(ill.map(({ check }) => check)).toEqual(['issuer', 'cookies'])
    expect(ill[1]?.detail).toContain('Put a proxy with TLS in front')
  })

  test('when the mail server does not answer', async () => {
    const { ill } = await examine(await serve({ MAIL_URL: `smtp://127.0.0.1:${await freePort()}` }))
    expect(ill).toEqual([{ check: 'mail', isWell: false, detail: expect.stringContaining('Set MAIL_URL') }])
  })

  test('when others can read the signing keys or the admin token', async () => {
    const server = await serve()
    const keys = server.config.KEYS_URL.slice('file:'.length)
    const file = readdirSync(keys).find((name) => name.endsWith('.json')) ?? ''
    chmodSync(join(keys, file), 0o644)
    chmodSync(join(server.config.DATA_DIR, 'admin.json'), 0o644)
    const { ill } = await examine(server)
    expect(ill).toEqual([{ check: 'secret files', isWell: false, detail: expect.stringContaining('chmod 600') }])
    expect(ill[0]?.detail).toContain('admin.json')
    expect(ill[0]?.detail).toContain(file)
  })

  test('when others can read a file that a secret comes from', async () => {
    const file = join(temporaryDirectory('secrets'), 'cookie-keys')
    writeFileSync(file, 'a-cookie-key-of-an-operator-0123')
    chmodSync(file, 0o640)
    const server = await serve()
    const { ill } = await examine(server, { COOKIE_KEYS_FILE: file } as TestSettings)
    expect(ill).toEqual([{ check: 'secret files', isWell: false, detail: expect.stringMatching(/cookie-keys.*chmod/) }])
    chmodSync(file, 0o600)
    expect((await examine(server, { COOKIE_KEYS_FILE: file } as TestSettings)).ill).toEqual([])
  })

  test('when a dialect has no client, and a setting names one that does not exist', async () => {
    const DIALECT_CLIENTS = 'spryker=frontend,magento=not-made-yet'
    const server = await serve({ DIALECTS: 'spryker,magento', DIALECT_CLIENTS })
    const { ill } = await examine(server, { DIALECTS: 'spryker,magento', DIALECT_CLIENTS })
    const detail = expect.stringMatching(/"not-made-yet" of magento.*clients create not-made-yet --preset dialect/)
    expect(ill).toEqual([{ check: 'dialects', isWell: false, detail }])
    const without = await examine(server, { DIALECTS: 'spryker,magento', DIALECT_CLIENTS: 'spryker=frontend' })
    const fix = expect.stringContaining('Add magento=CLIENT_ID to DIALECT_CLIENTS')
    expect(without.ill).toEqual([{ check: 'settings', isWell: false, detail: fix }])
    expect((await examine(server, { DIALECTS: 'none' })).ill).toEqual([])
  })

  test('when the default resource server is missing', async () => {
    const server = await serve({ ADMIN_TOKEN })
    const path = `/v1/resource-servers/${encodeURIComponent(server.config.DEFAULT_RESOURCE)}`
    expect((await ask(server, ADMIN_TOKEN, 'DELETE', path, undefined, { 'If-Match': '*' })).status).toBe(204)
    const { ill } = await examine(server)
    const detail = expect.stringMatching(/urn:vestibule:commerce.*vestibule migrate.*DEFAULT_RESOURCE/)
    expect(ill).toEqual([{ check: 'default resource', isWell: false, detail }])
  })

  test('when what a client asks for by default is not offered to it', async () => {
    const server = await serve({ ADMIN_TOKEN })
    const path = `/v1/resource-servers/${encodeURIComponent(server.config.DEFAULT_RESOURCE)}`
    const { body } = await ask(server, ADMIN_TOKEN, 'GET', path)
    const hidden = { ...body, is_offered: false }
    expect((await ask(server, ADMIN_TOKEN, 'PUT', path, hidden, { 'If-Match': '*' })).status).toBe(200)
    const { ill } = await examine(server)
    const details = ill.map(({ detail }) => detail)
    expect(details).toContainEqual(expect.stringMatching(/"third-party-app" is refused.*default_resource/))
    expect(details).not.toContainEqual(expect.stringContaining('"frontend"'))
  })

  describe.each(['SHOP_DIRECTORY', 'LEGACY_DIRECTORY'] as const)('of %s_URL', (setting) => {
    let server: TestServer
    beforeAll(async () => {
      server = await startTestServer()
    })
    afterAll(() => server?.stop())
    const asked = async (handle: Server, TOKEN = 'shop-token') => {
      const address = await listen(handle)
      return examine(server, { [`${setting}_URL`]: address, [`${setting}_TOKEN`]: TOKEN })
    }
    const answering = (lookUp: number, signIn: number) =>
      createServer((request, response) => response.writeHead(request.method === 'GET' ? lookUp : signIn).end())

    test('nothing when the service keeps the contract', async () => {
      const { ill, checks } = await asked(createShopService([], 'shop-token'))
      expect([ill, checks]).toEqual([[], expect.arrayContaining(['customer service'])])
    })

    const wrong: [string, () => Server, RegExp][] = [
      ['refuses the token', () => createShopService([], 'another-token'), /403.*Correct SETTING_TOKEN/],
      ['breaks', () => answering(500, 500), /500.*log of the service/],
      ['breaks at sign-ins', () => answering(404, 503), /a sign-in .*503.*log of the service/],
      ['knows no sign-in', () => answering(404, 404), /a sign-in .*404 and not 401.*Correct SETTING_URL/],
      ['has a customer for every id', () => answering(200, 401), /a look-up .*200 and not 404.*Correct SETTING_URL/],
      ['redirects', () => answering(302, 302), /302 and not 404.*Correct SETTING_URL/],
    ]
    test.each(wrong)('when the service %s', async (_, service, said) => {
      const { code, ill } = await asked(service())
      const detail = expect.stringMatching(new RegExp(said.source.replace('SETTING', setting)))
      expect([code, ill]).toEqual([1, [{ check: 'customer service', isWell: false, detail }]])
    })

    test('when nothing answers', async () => {
      const url = `http://127.0.0.1:${await freePort()}`
      const { ill } = await examine(server, { [`${setting}_URL`]: url })
      const detail = expect.stringMatching(new RegExp(`ECONNREFUSED.*correct ${setting}_URL`))
      expect(ill).toEqual([{ check: 'customer service', isWell: false, detail }])
    })
  })

  describeOn('redis', 'of Redis', () => {
    test.each([
      ['that keeps everything', [], []],
      ['that evicts', ['--maxmemory-policy', 'allkeys-lru'], [/allkeys-lru.*maxmemory-policy noeviction/]],
      ['that writes nothing to disk', ['--appendonly', 'no'], [/appendonly yes/]],
      ['that says nothing about itself', ['--rename-command', 'INFO', ''], []],
    ])('one %s', async (_, args, said) => {
      const redis = await startRedis({ args })
      closeSteps.push(redis.stop)
      const { ill, checks } = await examine(await serve(), { REDIS_URL: redis.url })
      expect(checks).toContain('redis')
      expect(ill).toEqual(
        said.map((detail) => ({ check: 'redis', isWell: false, detail: expect.stringMatching(detail) })),
      )
    })

    test('when it is away', async () => {
      const redis = await startRedis()
      closeSteps.push(redis.stop)
      const DATABASE_URL = await createDatabase({ demo: true })
      const server = await serve({ DATABASE_URL, REDIS_URL: redis.url, ADMIN_TOKEN: 'a-token-of-sixteen-characters' })
      await redis.stop()
      const { ill } = await examine(server, { DATABASE_URL, REDIS_URL: redis.url })
      expect(ill).toContainEqual({ check: 'storage', isWell: false, detail: expect.stringContaining('REDIS_URL') })
    })
  })
})

describeOn('postgres', 'clients of others', () => {
  test('that were stored before they had to say what they may ask for are found', async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
    closeSteps.push(database.close)
    const metadata = JSON.stringify({ client_id: 'old-app', grant_types: ['client_credentials'] })
    await database.knex('clients').insert({ client_id: 'old-app', metadata })
    const server = await serve({ DATABASE_URL, ADMIN_TOKEN })
    const access = { DATABASE_URL, ADMIN_URL: server.adminUrl, ADMIN_TOKEN }
    const { code, ill } = await examine(server, access)
    expect([code, ill]).toEqual([
      1,
      [{ check: 'clients', isWell: false, detail: expect.stringMatching(/"old-app".*resource_scopes.*first_party/) }],
    ])
  })
})
