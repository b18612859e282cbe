import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { basicAuth, postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCli } from './run-cli.ts'

let server: TestServer
const vestibule = (args: readonly string[], input?: string) => runCli(args, { DATA_DIR: server.config.DATA_DIR }, input)
const json = async <T>(args: readonly string[], input?: string): Promise<T> => {
  const { code, stdout, stderr } = await vestibule([...args, '--json'], input)
  expect(stderr).toBe('')
  expect(code).toBe(0)
  return JSON.parse(stdout) as T
}

beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const signIn = (username: string, password: string) =>
  postForm(`${server.url}/token`, { grant_type: 'password', client_id: 'frontend', username, password })
const introspect = async (token: string) =>
  (await (
    await postForm(`${server.url}/introspect`, { token }, basicAuth('orders-service', 'orders-service-secret'))
  ).json()) as { active: boolean }

describe('vestibule keys', () => {
  test('lists each key with its state, and a forced rotation changes the signer without a restart', async () => {
    type Keys = { keys: { kid: string; algorithm: string; state: string }[] }
    const active = ({ keys }: Keys) => keys.find(({ algorithm, state }) => algorithm === 'ES256' && state === 'active')
    const before = active(await json<Keys>(['keys', 'list']))
    await json(['keys', 'rotate', 'ES256', '--force'])
    const after = active(await json<Keys>(['keys', 'list']))
    expect(after?.kid).not.toBe(before?.kid)

    const { access_token } = (await (await signIn('sonia@spryker.com', 'change123')).json()) as { access_token: string }
    const header = JSON.parse(Buffer.from(access_token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
    expect(header.kid).toBe(after?.kid)
    expect((await introspect(access_token)).active).toBe(true)
  })

  test('a rotation that verifiers are not ready for is refused with the reason and the way round it', async () => {
    const { code, stderr } = await vestibule(['keys', 'rotate', 'RS256'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/published .* ago/)
    expect(stderr).toContain('--force')
  })

  test('revoking a key makes every token it signed inactive at once', async () => {
    const { access_token } = (await (await signIn('sonia@spryker.com', 'change123')).json()) as { access_token: string }
    const header = JSON.parse(Buffer.from(access_token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
    expect((await introspect(access_token)).active).toBe(true)
    await json(['keys', 'revoke', header.kid])
    expect((await introspect(access_token)).active).toBe(false)
    const { keys } = (await (await fetch(`${server.url}/jwks`)).json()) as { keys: { kid: string }[] }
    expect(keys.map(({ kid }) => kid)).not.toContain(header.kid)
  })
})

describe('vestibule customers', () => {
  const line = (email: string) =>
    JSON.stringify({
      email,
      customerReference: `IMPORT--${email}`,
      emailVerified: true,
      password: { scheme: 'magento', hash: '13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1' },
    })

  test('imports good lines, reports bad ones with number and reason, and the imported password signs in', async () => {
    const input = `${line('imported@example.com')}\nnot json\n{"email":"x"}\n`
    const { code, stdout, stderr } = await vestibule(['customers', 'import', '-'], input)
    expect(code).toBe(1)
    expect(stdout).toContain('1 created, 0 updated, 0 unchanged, 2 refused')
    expect(stderr).toMatch(/line 2: /)
    expect(stderr).toMatch(/line 3: /)
    expect((await signIn('imported@example.com', 'password')).status).toBe(200)
  })

  test('a dry run stores nothing', async () => {
    const { code } = await vestibule(['customers', 'import', '-', '--dry-run'], line('dry@example.com'))
    expect(code).toBe(0)
    expect((await signIn('dry@example.com', 'password')).status).toBe(400)
  })

  test('erasing a person ends their tokens and forgets their e-mail', async () => {
    await vestibule(['customers', 'import', '-'], line('leaving@example.com'))
    const { access_token } = (await (await signIn('leaving@example.com', 'password')).json()) as {
      access_token: string
    }
    const reference = 'IMPORT--leaving@example.com'
    const personal = await json<{ customer: { email: string } }>(['customers', 'export', reference])
    expect(personal.customer.email).toBe('leaving@example.com')

    await json(['customers', 'erase', reference])
    expect((await introspect(access_token)).active).toBe(false)
    expect((await signIn('leaving@example.com', 'password')).status).toBe(400)
    const { stdout } = await vestibule(['customers', 'export-all'])
    expect(stdout).not.toContain('leaving@example.com')
  })

  test('shows which password schemes are still in use', async () => {
    const status = await json<{ schemes: { scheme: string }[] }>(['customers', 'migration'])
    expect(status.schemes.map(({ scheme }) => scheme)).toContain('argon2id')
  })
})

describe('vestibule clients', () => {
  test('a client secret is replaced while both work, and the old one ends when told', async () => {
    const clientId = `service-${randomUUID()}`
    const metadata = JSON.stringify({ client_id: clientId, grant_types: ['client_credentials'], resource_scopes: [] })
    const { code } = await runCli(['clients', 'create', '-'], { DATA_DIR: server.config.DATA_DIR }, metadata)
    expect(code).toBe(0)
    const first = await json<{ secret: string }>(['clients', 'secrets', 'add', clientId, 'first'])
    const second = await json<{ secret: string }>(['clients', 'secrets', 'add', clientId, 'second'])
    const ask = async ({ secret }: { secret: string }) =>
      (await postForm(`${server.url}/token`, { grant_type: 'client_credentials' }, basicAuth(clientId, secret))).status
    expect([await ask(first), await ask(second)]).toEqual([200, 200])

    await json(['clients', 'secrets', 'expire', clientId, 'first'])
    expect([await ask(first), await ask(second)]).toEqual([401, 200])
    const { stdout } = await vestibule(['clients', 'secrets', 'list', clientId])
    expect(stdout).toContain('second')
    expect(stdout).not.toContain(second.secret)
  })

  test('metadata the protocol cannot use is refused with the reason', async () => {
    const { code, stderr } = await vestibule(
      ['clients', 'create', '-'],
      '{"client_id":"bad","grant_types":["nonsense"],"resource_scopes":[]}',
    )
    expect(code).toBe(1)
    expect(stderr).toContain('grant_types')
  })
})

test('without a server the command line says how to get one', async () => {
  const { code, stderr } = await runCli(['keys', 'list'], { DATA_DIR: `/tmp/${randomUUID()}` })
  expect(code).toBe(1)
  expect(stderr).toContain('npx vestibule serve')
})

test('an unknown command is named and the known ones are listed', async () => {
  const { code, stdout, stderr } = await vestibule(['fly'])
  expect(code).toBe(2)
  expect(stderr).toContain('"fly"')
  expect(stdout).toContain('serve')
})

test.each([
  [['clients', 'create'], 'client metadata'],
  [['resource-servers', 'create'], 'resource server'],
  [['upstreams', 'create'], 'sign-in provider'],
] as const)('%s says which file has no valid JSON, and what it should have', async (command, what) => {
  for (const [file, input] of [
    ['-', '{'],
    ['/nothing/here.json', ''],
  ] as const) {
    const { code, stderr } = await vestibule([...command, file], input)
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${file} has no valid ${what}: `)])
  }
})
