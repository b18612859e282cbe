import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

const RON = '79cc0486-bbdf-491b-a0a2-722383b6288b'
let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const vestibule = (args: readonly string[], input = '', environment = {}) =>
  runCommand(args, { DATA_DIR: server.config.DATA_DIR, ...environment }, input)
const json = async <T>(args: readonly string[], input = ''): Promise<T> => {
  const { code, stdout, stderr } = await vestibule([...args, '--json'], input)
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as T
}
const signIn = async () => {
  const form = {
    grant_type: 'password',
    client_id: 'frontend',
    username: 'ron@swanson.com',
    password: 'mysecretpassword',
  }
  return (await postForm(`${server.url}/token`, form)).status
}

describe('every command', () => {
  const COMMANDS = [
    'serve migrate keys secrets clients resource-servers upstreams customers agents grants lockouts tokens dialects audit',
    'administrators admin-tokens initial-tokens client-documents config doctor demo',
  ].flatMap((line) => line.split(' '))

  test.each(COMMANDS)('%s explains itself with an example, and is in the overview', async (name) => {
    const [help, overview] = await Promise.all([vestibule([name, '--help']), vestibule(['help'])])
    expect(help.code).toBe(0)
    expect(help.stdout).toContain(`npx vestibule ${name}`)
    expect(overview.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
  })

  test.each([
    ['grants', 'nonsense'],
    ['grants', 'revoke'],
    ['lockouts', 'list', 'superfluous'],
    ['admin-tokens', 'create', 'without-a-role'],
    ['administrators', 'create', '--email', 'a@example.com'],
    ['resource-servers', 'list', '--unknown', 'x'],
  ])('a mistake in %j is answered with the help and exit code 2', async (...args) => {
    const { code, stderr } = await vestibule(args)
    expect(code).toBe(2)
    expect(stderr).not.toBe('')
  })
})

test('a token for software that registers itself is made, listed and revoked', async () => {
  const made = await json<{ token: string }>(
    'initial-tokens create partner --uses 2 --scopes orders:*,cart:manage'.split(' '),
  )
  expect(made).toMatchObject({ token: expect.stringMatching(/^vrt_/), maxUses: 2, scopes: ['orders:*', 'cart:manage'] })
  expect((await vestibule(['initial-tokens', 'list'])).stdout).toMatch(
    /partner +active +0 of 2 .*orders:\* cart:manage/,
  )
  expect((await vestibule(['initial-tokens', 'revoke', 'partner'])).stdout).toContain('partner is revoked')
  expect((await vestibule(['initial-tokens', 'list'])).stdout).toMatch(/partner +revoked/)
})

test('an admin token made here opens the API for what its role may do, and nothing more', async () => {
  const { token } = await json<{ token: string }>(['admin-tokens', 'create', 'watcher', '--role', 'viewer'])
  const access = { DATA_DIR: '/nonexistent', ADMIN_URL: server.adminUrl, ADMIN_TOKEN: token }
  expect((await vestibule(['clients', 'list'], '', access)).code).toBe(0)
  const refused = await vestibule(['clients', 'disable', 'frontend'], '', access)
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('needs the role "security"')])
  expect((await vestibule(['admin-tokens', 'revoke', 'watcher'])).code).toBe(0)
  expect((await vestibule(['clients', 'list'], '', access)).code).toBe(1)
  expect((await vestibule(['admin-tokens', 'list'])).stdout).toMatch(/watcher +viewer +revoked/)
})

test('an administrator is made with a password from standard input, given another role, and blocked', async () => {
  const create = ['administrators', 'create', '--email', 'sam@example.com', '--role', 'support']
  const { id } = await json<{ id: string }>(create, 'correct horse battery staple\n')
  const signInAdmin = async () => {
    const body = JSON.stringify({ email: 'sam@example.com', password: 'correct horse battery staple' })
    return (await fetch(`${server.adminUrl}/v1/sign-in`, { method: 'POST', body })).status
  }
  expect(await signInAdmin()).toBe(200)
  expect(await json(['administrators', 'role', id, 'security'])).toMatchObject({ role: 'security' })
  expect(await json(['administrators', 'block', id])).toMatchObject({ status: 'blocked' })
  expect(await signInAdmin()).toBe(401)
})

test('sign-ins of a customer are listed and ended', async () => {
  await signIn()
  await signIn()
  const list = async () =>
    (await json<{ grants: { id: string }[] }>(['grants', 'list', '--customer', RON])).grants.map(({ id }) => id)
  const [newest, ...others] = await list()
  await json(['grants', 'revoke', newest ?? ''])
  expect(await list()).toEqual(others)
  await json(['grants', 'sign-out', 'customer', '--id', RON])
  expect(await list()).toEqual([])
})

test('a customer who locked themselves out is seen and let in', async () => {
  const form = { grant_type: 'password', client_id: 'frontend', username: 'ron@swanson.com', password: 'wrong' }
  for (let count = 0; count < 9; count++) await postForm(`${server.url}/token`, form)
  expect(await signIn()).not.toBe(200)
  const { stdout } = await vestibule(['lockouts', 'list', '--login', 'ron@swanson.com'])
  expect(stdout).toMatch(/pair +127\.0\.0\.1/)
  expect((await vestibule(['lockouts', 'lift', '--login', 'ron@swanson.com'])).code).toBe(0)
  expect(await signIn()).toBe(200)
})

test('a customer is found, shown, blocked and unblocked', async () => {
  expect((await vestibule(['customers', 'find', 'swanson'])).stdout).toContain(RON)
  expect(await json(['customers', 'show', 'DE--22'])).toMatchObject({ id: RON })
  await json(['customers', 'block', 'DE--22'])
  expect(await signIn()).not.toBe(200)
  await json(['customers', 'unblock', RON])
  expect(await signIn()).toBe(200)
})

test('a resource server is made, changed and removed', async () => {
  const identifier = 'urn:example:returns'
  const made = { identifier, scopes: ['returns:read'], format: 'jwt' }
  await json(['resource-servers', 'create', '-'], JSON.stringify(made))
  await json(['resource-servers', 'update', identifier, '-'], JSON.stringify({ ...made, format: 'opaque' }))
  expect((await vestibule(['resource-servers', 'list'])).stdout).toMatch(/urn:example:returns +opaque/)
  await json(['resource-servers', 'delete', identifier])
  expect((await vestibule(['resource-servers', 'list'])).stdout).not.toContain(identifier)
})

test('a client is made, not made twice, changed, shown and removed', async () => {
  const metadata = (name: string) =>
    JSON.stringify({
      client_id: 'made-here',
      client_name: name,
      grant_types: ['client_credentials'],
      resource_scopes: [],
    })
  await json(['clients', 'create', '-'], metadata('first'))
  const again = await vestibule(['clients', 'create', '-'], metadata('second'))
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('A client "made-here" already exists')])
  await json(['clients', 'update', 'made-here', '-'], metadata('second'))
  expect(await json(['clients', 'show', 'made-here'])).toMatchObject({ metadata: { client_name: 'second' } })
  await json(['clients', 'delete', 'made-here'])
  const { code, stderr } = await vestibule(['clients', 'show', 'made-here'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('There is no client "made-here"')])
})
