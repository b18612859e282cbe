import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { administratorOf, ask, OWNER, PASSWORD } from './administrators.ts'
import { createConsoleOperator } from './console-operator.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, TRUSTED_PROXIES: '127.0.0.1', LOCKOUT_ADDRESS_ATTEMPTS: '20' })
})
afterAll(() => server.stop())

const admin = (method: string, path: string, body?: unknown) => ask(server, OWNER, method, path, body)
const locks = async (query: string) => (await admin('GET', `/v1/lockouts?${query}`)).body.items as { of: string }[]
const signInFrom = async (ip: string, username: string, password: string) => {
  const form = { grant_type: 'password', client_id: 'frontend', username, password }
  return (await postForm(`${server.url}/token`, form, { 'X-Forwarded-For': ip })).status
}
async function failFrom(ip: string, username: string, times: number): Promise<void> {
  for (let count = 0; count < times; count++) await signInFrom(ip, username, 'not the password')
}

test('a login that was locked from somewhere is seen with its address, and lifted from wherever it was', async () => {
  const [here, username] = ['198.51.100.7', 'ron@swanson.com']
  expect(await locks(`login=${username}`)).toEqual([])
  await failFrom(here, username, 9)
  expect(await signInFrom(here, username, 'mysecretpassword')).not.toBe(200)
  expect(await locks('login=Ron@Swanson.com')).toEqual([{ of: 'pair', network: here, until: expect.any(Number) }])

  expect((await admin('POST', '/v1/lockouts/lift', { login: username })).status).toBe(204)
  expect(await locks(`login=${username}`)).toEqual([])
  expect(await signInFrom(here, username, 'mysecretpassword')).toBe(200)
  const trail = (await admin('GET', '/v1/audit?type=lockout.lifted')).body.items
  expect(trail).toEqual([expect.objectContaining({ actor: 'admin' })])
})

test('a lift forgives what was before it and not what comes after', async () => {
  const [here, username] = ['198.51.100.8', 'sonia@spryker.com']
  await failFrom(here, username, 9)
  await admin('POST', '/v1/lockouts/lift', { login: username })
  await failFrom(here, username, 9)
  expect(await signInFrom(here, username, 'change123')).not.toBe(200)
  expect(await locks(`login=${username}`)).toHaveLength(1)
})

test('a whole address that was locked is seen and lifted', async () => {
  const here = '198.51.100.9'
  for (let count = 0; count < 20; count++) await signInFrom(here, `nobody${count}@example.com`, 'wrong')
  expect(await signInFrom(here, 'test@meetanshi.com', 'Meet@123')).not.toBe(200)
  expect(await locks(`address=${here}`)).toEqual([{ of: 'address', network: here, until: expect.any(Number) }])
  await admin('POST', '/v1/lockouts/lift', { address: here })
  expect(await locks(`address=${here}`)).toEqual([])
  expect(await signInFrom(here, 'test@meetanshi.com', 'Meet@123')).toBe(200)
})

test('an administrator who locked themselves out is let in by another', async () => {
  const { email } = await administratorOf(server, 'viewer')
  const signIn = (password: string) => ask(server, undefined, 'POST', '/v1/sign-in', { email, password })
  for (let count = 0; count < 9; count++) await signIn('wrong')
  expect((await signIn(PASSWORD)).status).toBe(429)
  expect(await locks(`login=${email}&realm=administrator`)).toHaveLength(1)
  await admin('POST', '/v1/lockouts/lift', { login: email, realm: 'administrator' })
  expect((await signIn(PASSWORD)).status).toBe(200)
})

test.each([{}, { login: 'a@b.example', address: '198.51.100.7' }, { address: 'nowhere' }])(
  '%o is refused',
  async (body) => {
    expect((await admin('POST', '/v1/lockouts/lift', body)).status).toBe(400)
  },
)

test.each([
  ['administrator', 'support', 403],
  ['administrator', 'security', 403],
  ['agent', 'support', 403],
  ['agent', 'security', 204],
  ['customer', 'support', 204],
] as const)('the lock of a login of the realm %s is lifted by %s: %i', async (realm, role, status) => {
  const { session } = await administratorOf(server, role)
  expect((await ask(server, session, 'POST', '/v1/lockouts/lift', { login: 'a@example.com', realm })).status).toBe(
    status,
  )
})

test('an address that guessed at administrators stays locked for them when support lifts it without naming a realm', async () => {
  const here = '198.51.100.77'
  const { email } = await administratorOf(server, 'viewer')
  const signIn = async (login: string, password: string) =>
    (await ask(server, undefined, 'POST', '/v1/sign-in', { email: login, password }, { 'X-Forwarded-For': here }))
      .status
  for (let count = 0; count < 20; count++) await signIn(`nobody${count}@example.com`, 'wrong')
  expect(await signIn(email, PASSWORD)).toBe(429)
  await failFrom(here, 'ron@swanson.com', 1)

  const { session } = await administratorOf(server, 'support')
  const lift = (realm?: string) =>
    ask(server, session, 'POST', '/v1/lockouts/lift', { address: here, ...(realm && { realm }) })
  expect((await lift()).status).toBe(204)
  expect((await lift('administrator')).status).toBe(403)
  expect(await signIn(email, PASSWORD)).toBe(429)
  expect(await locks(`address=${here}`)).toEqual([])
  expect(await locks(`address=${here}&realm=administrator`)).toHaveLength(1)

  await admin('POST', '/v1/lockouts/lift', { address: here, realm: 'administrator' })
  expect(await signIn(email, PASSWORD)).toBe(200)
})

type Listed = { of: string; network?: string; realm: string; login?: string; until: number }

/** The whole list of one server, on the storage that it has. */
function listsLocks(start: () => Promise<TestServer>): void {
  let own: TestServer
  beforeAll(async () => {
    own = await start()
  })
  afterAll(() => own?.stop())

  const asked = (method: string, path: string, body?: unknown) => ask(own, OWNER, method, path, body)
  const listed = async (query = '') => (await asked('GET', `/v1/lockouts?${query}`)).body.items as Listed[]
  const cli = (...args: string[]) => runCommand(['lockouts', ...args], { ADMIN_URL: own.adminUrl, ADMIN_TOKEN: OWNER })
  const fail = (ip: string, username: string, fields: Record<string, string> = {}) =>
    postForm(
      `${own.url}/token`,
      { grant_type: 'password', client_id: 'frontend', username, password: 'wrong', ...fields },
      { 'X-Forwarded-For': ip },
    )
  const lock = async (ip: string, username: string) => {
    for (let count = 0; count < 9; count++) await fail(ip, username)
  }

  test('everything that is locked is listed, of every realm, with the login where it is an e-mail address', async () => {
    expect(await listed()).toEqual([])
    expect((await cli('list')).stdout).toBe('nothing is locked\n')
    await fail('198.51.100.1', 'sonia@spryker.com', { password: 'change123' })
    expect(await listed()).toEqual([])

    await lock('198.51.100.1', 'Ron@Swanson.com')
    await lock('2001:db8::1', 'hunter2-a-password')
    const { email } = await administratorOf(own, 'viewer')
    for (let count = 0; count < 9; count++) await ask(own, undefined, 'POST', '/v1/sign-in', { email, password: 'x' })
    const until = expect.any(Number)
    const all = await listed()
    expect(all).toHaveLength(3)
    expect(all).toEqual(
      expect.arrayContaining([
        { of: 'pair', network: '198.51.100.1', realm: 'customer', login: 'ron@swanson.com', until },
        { of: 'pair', network: '2001:db8:0:0::/64', realm: 'customer', until },
        { of: 'pair', network: expect.any(String), realm: 'administrator', login: email, until },
      ]),
    )
    expect(await listed('realm=administrator')).toHaveLength(1)
    const { stdout } = await cli('list')
    expect(stdout).toContain('ron@swanson.com')
    expect(stdout).toContain(email)
    expect(stdout).not.toContain('hunter2')
    expect(JSON.parse((await cli('list', '--json')).stdout).lockouts).toHaveLength(3)
  })

  test('the console shows the list, and leads from each lock to lifting it', async () => {
    const { email } = await administratorOf(own, 'support')
    const operator = createConsoleOperator(own)
    await operator.submit('/console/sign-in', { email, password: PASSWORD })
    const { status, html } = await operator.get('/console/lockouts')
    expect(status).toBe(200)
    expect(html).toContain('href="/console/lockouts?login=ron%40swanson.com&amp;realm=customer"')
    expect(html).toContain('no e-mail address')
    expect(html).not.toContain('hunter2')
  })

  test('what is lifted leaves the list, and what is locked again comes back', async () => {
    await asked('POST', '/v1/lockouts/lift', { login: 'ron@swanson.com' })
    expect((await listed()).map(({ login }) => login)).not.toContain('ron@swanson.com')
    await lock('198.51.100.2', 'ron@swanson.com')
    expect((await listed()).filter(({ login }) => login === 'ron@swanson.com')).toHaveLength(1)
  })

  test('a network that is locked for all logins is listed without any of them', async () => {
    const here = '198.51.100.9'
    for (let count = 0; count < 20; count++) await fail(here, `nobody${count}@example.com`)
    const networks = (await listed()).filter(({ of }) => of === 'address')
    expect(networks).toEqual([{ of: 'address', network: here, realm: 'customer', until: expect.any(Number) }])
    await asked('POST', '/v1/lockouts/lift', { address: here })
    expect((await listed()).filter(({ of }) => of === 'address')).toEqual([])
  })

  test('pages have at most so many as are asked for, together everything, and at most 100', async () => {
    const all = await listed()
    const paged: Listed[] = []
    let cursor: string | undefined
    do {
      const answer = await asked('GET', `/v1/lockouts?limit=1${cursor ? `&cursor=${cursor}` : ''}`)
      const body = answer.body as unknown as { items: Listed[]; next?: string } // as the API document has it
      expect(body.items.length).toBeLessThanOrEqual(1)
      paged.push(...body.items)
      cursor = body.next
    } while (cursor !== undefined)
    expect(paged).toEqual(all)
    for (const query of ['limit=101', 'limit=0', 'limit=x', 'login=a@b.example&address=198.51.100.7', 'realm=nobody'])
      expect([query, (await asked('GET', `/v1/lockouts?${query}`)).status]).toEqual([query, 400])
    for (const cursor of ['x', '%00', Buffer.from('no place').toString('base64url'), 'y'.repeat(2000)])
      expect([cursor, (await asked('GET', `/v1/lockouts?cursor=${cursor}`)).status]).toEqual([cursor, 200])
  })
}

const LISTED = { ADMIN_TOKEN: OWNER, TRUSTED_PROXIES: '127.0.0.1', LOCKOUT_ADDRESS_ATTEMPTS: '20' }
describe('the list of lockouts in the database', () => {
  listsLocks(() => startTestServer(LISTED))
})
describeOn('redis', 'the list of lockouts in Redis', () => {
  listsLocks(async () =>
    startTestServer({
      ...LISTED,
      REDIS_URL: await createRedisDatabase(),
      DATABASE_URL: await createDatabase({ demo: true }),
    }),
  )
})
