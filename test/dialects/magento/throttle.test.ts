import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { throttleLogins } from '../../../src/credentials/lockout/login-throttle.ts'
import { createMemoryStorage } from '../../../src/storage/memory.ts'
import { ask as askAdmin, OWNER } from '../../admin/administrators.ts'
import { postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'

const REFUSED = {
  message:
    'The account sign-in was incorrect or your account is disabled temporarily. Please wait and try again later.',
}
const RON = { username: 'ron@swanson.com', password: 'mysecretpassword' }
const SONIA = { username: 'sonia@spryker.com', password: 'change123' }
const AGENT = { username: 'agent@example.com', password: 'change123' }

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ LOCKOUT_ATTEMPTS: '9', ADMIN_TOKEN: OWNER })
})
afterAll(() => server?.stop())

type Login = { readonly username: string; readonly password: string }
const ask = async (login: Login, user = 'customer') => {
  const answer = await postJson(`${server.url}/rest/V1/integration/${user}/token`, login)
  return { status: answer.status, body: await answer.json() }
}
const wrong = async (login: Login, times: number, user?: string) => {
  for (let index = 0; index < times; index++)
    expect((await ask({ ...login, password: `wrong ${index}` }, user)).status).toBe(401)
}
const elsewhere = (login: Login) => {
  const document = { data: { type: 'access-tokens', attributes: login } }
  return postJson(`${server.url}/access-tokens`, document)
}

describe('the shop’s own throttle', () => {
  test('bears five wrong passwords, and a right one forgets them', async () => {
    await wrong(RON, 5)
    expect((await ask(RON)).status).toBe(200)
    await wrong(RON, 5)
    expect((await ask(RON)).status).toBe(200)
  })

  test('refuses after the sixth whatever comes, at both of its endpoints and at no other', async () => {
    await wrong(SONIA, 6)
    expect(await ask(SONIA)).toEqual({ status: 401, body: REFUSED })
    const query =
      'mutation ($email: String!, $password: String!) { generateCustomerToken(email: $email, password: $password) { token } }'
    const variables = { email: SONIA.username.toUpperCase(), password: SONIA.password }
    expect((await postJson(`${server.url}/graphql`, { query, variables })).status).toBe(401)
    expect((await elsewhere(SONIA)).status).toBe(201)
  })

  test('counts the first wrong passwords of all who try at once', async () => {
    const login = { username: 'raced@example.com', password: 'change123' }
    const made = {
      email: login.username,
      customerReference: 'DE--raced',
      emailVerified: true,
      password: login.password,
    }
    expect((await askAdmin(server, OWNER, 'POST', '/v1/customers', made)).status).toBe(201)
    await Promise.all(Array.from({ length: 6 }, (_, index) => ask({ ...login, password: `wrong ${index}` })))
    expect(await ask(login)).toEqual({ status: 401, body: REFUSED })
    expect((await elsewhere(login)).status, 'the account itself is not locked').toBe(201)
  })

  test('counts logins that nobody has, and agents apart from customers', async () => {
    await wrong(AGENT, 6, 'customer')
    expect((await ask(AGENT, 'admin')).status).toBe(200)
    await wrong(AGENT, 6, 'admin')
    expect(await ask(AGENT, 'admin')).toEqual({ status: 401, body: REFUSED })
  })
})

test('the lockout of all endpoints holds here too, and counts what failed here', async () => {
  const login = { username: 'test@meetanshi.com', password: 'Meet@123' }
  await wrong(login, 5)
  for (let index = 0; index < 4; index++) await elsewhere({ ...login, password: `wrong ${index}` })
  expect((await elsewhere(login)).status).toBe(429)
  expect(await ask(login)).toEqual({ status: 401, body: REFUSED })
})

describe('a throttle', () => {
  const throttle = { name: 'endpoint', attempts: 2, seconds: 60 }
  const from = (ip: string) => ({ ip, throttle })
  let checks = 0
  const authenticate = throttleLogins(
    async (_login: string, password: string) => {
      checks += 1
      return password === 'right' ? { outcome: 'authenticated' as const } : { outcome: 'refused' as const }
    },
    { storage: createMemoryStorage() },
  )

  test('checks nothing once it refuses, and keeps nobody out who comes from elsewhere', async () => {
    for (const password of ['a', 'b']) await authenticate('x@example.com', password, from('192.0.2.1'))
    const before = checks
    expect(await authenticate(' X@example.com', 'right', from('192.0.2.1'))).toMatchObject({ outcome: 'locked' })
    expect(checks).toBe(before)
    expect(await authenticate('x@example.com', 'right', from('198.51.100.1'))).toEqual({ outcome: 'authenticated' })
  })

  test('checks of many at once no more than it bears, also the first time', async () => {
    let checked = 0
    const check = throttleLogins(
      async () => {
        checked += 1
        return { outcome: 'refused' as const }
      },
      { storage: createMemoryStorage() },
    )
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, index) => check('z@example.com', `${index}`, from('192.0.2.1'))),
    )
    expect([checked, outcomes.filter(({ outcome }) => outcome === 'locked').length]).toEqual([2, 28])
    expect(await check('z@example.com', 'one more', from('192.0.2.1'))).toEqual({
      outcome: 'locked',
      retryAfterSeconds: expect.toSatisfy((seconds: number) => seconds > 50 && seconds <= 60),
    })
  })

  test('counts nothing that was not checked to the end, and begins anew after a right password', async () => {
    const outcomes = ['busy', 'refused', 'authenticated', 'refused', 'refused']
    const check = throttleLogins(async () => ({ outcome: outcomes.shift() ?? 'refused' }), {
      storage: createMemoryStorage(),
    })
    const seen: string[] = []
    for (let index = 0; index < 6; index++) seen.push((await check('w@example.com', 'a', from('192.0.2.1'))).outcome)
    expect(seen).toEqual(['busy', 'refused', 'authenticated', 'refused', 'refused', 'locked'])
  })

  test('is none where the endpoint has none', async () => {
    for (let index = 0; index < 5; index++) await authenticate('y@example.com', 'a', { ip: '192.0.2.1' } as never)
    expect(await authenticate('y@example.com', 'right', { ip: '192.0.2.1' } as never)).toEqual({
      outcome: 'authenticated',
    })
  })
})
