import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDailyUses } from '../../../src/clients/daily-uses.ts'
import { createProofs } from '../../../src/customers/proof.ts'
import { createSignInLinks } from '../../../src/customers/sign-in-links.ts'
import { createSqlDirectory } from '../../../src/customers/sources/sql-directory.ts'
import type { Database } from '../../../src/database/database.ts'
import { openDatabase } from '../../../src/database/index.ts'
import { openStorage } from '../../../src/storage/index.ts'
import { createCookieJar } from '../../support/cookie-jar.ts'
import { describeOn } from '../../support/describe-on.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { createDatabase } from '../../support/shared.ts'
import { AGENT, bearer, document, exchange, obtain, SONIA } from './exchange.ts'

describeOn('postgres', 'what an operator changes beside a running server', () => {
  let server: TestServer
  let database: Database
  let storage: Awaited<ReturnType<typeof openStorage>>

  beforeAll(async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    database = await openDatabase({ DATABASE_URL, DATA_DIR: '' })
    server = await startTestServer({ DATABASE_URL, SIGN_IN_LINK_TARGET: '/userinfo' })
    storage = await openStorage({ DATABASE_URL, DATA_DIR: '' }, database.knex, () => {})
  })
  afterAll(async () => {
    await server?.stop()
    await storage?.close()
    await database?.close()
  })

  const refresh = (refreshToken: string) =>
    exchange(server.url, { path: '/refresh-tokens', body: document('refresh-tokens', { refreshToken }) })
  const setAgent = (change: object) => database.knex('agents').where({ email: AGENT.username }).update(change)

  test('an agent who may not act any more refreshes nothing, in no name, and impersonates nobody', async () => {
    const agent = await obtain(server.url, 'agent-access-tokens', AGENT)
    const impersonated = await obtain(
      server.url,
      'agent-customer-impersonation-access-tokens',
      { customerReference: 'DE--21' },
      bearer(agent.accessToken),
    )
    for (const change of [{ is_agent: false }, { status: 'blocked' }]) {
      await setAgent(change)
      for (const { refreshToken } of [agent, impersonated]) expect((await refresh(refreshToken)).status).toBe(401)
      const answer = await exchange(server.url, {
        path: '/agent-customer-impersonation-access-tokens',
        headers: bearer(agent.accessToken),
        body: document('agent-customer-impersonation-access-tokens', { customerReference: 'DE--21' }),
      })
      expect(answer).toMatchObject({ status: 401, json: { errors: [{ code: '001' }] } })
      await setAgent({ is_agent: true, status: 'active' })
    }
    expect((await refresh(impersonated.refreshToken)).status).toBe(201)
  })

  test('a blocked customer refreshes no more', async () => {
    const { refreshToken } = await obtain(server.url, 'access-tokens', SONIA)
    await database.knex('customers').where({ email: SONIA.username }).update({ status: 'blocked' })
    expect((await refresh(refreshToken)).status).toBe(401)
    await database.knex('customers').where({ email: SONIA.username }).update({ status: 'active' })
  })

  test('uses are counted by client and day', async () => {
    const uses = openDailyUses({ knex: database.knex, of: 'dialects', onError: () => {} })
    uses.note('spryker', 'mobile-app', new Date('2026-11-22T23:59:59Z'))
    uses.note('spryker', 'mobile-app', new Date('2026-11-22T00:00:00Z'))
    uses.note('spryker', 'mobile-app', new Date('2026-11-21T00:00:00Z'))
    await uses.list('2026-11-01')
    uses.note('spryker', 'mobile-app', new Date('2026-11-22T12:00:00Z'))
    const listed = await uses.list('2026-11-01')
    await uses.close()
    expect(listed.filter(({ clientId }) => clientId === 'mobile-app')).toEqual([
      { what: 'spryker', clientId: 'mobile-app', day: '2026-11-22', count: 3 },
      { what: 'spryker', clientId: 'mobile-app', day: '2026-11-21', count: 1 },
    ])
  })

  const follow = (token: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
    exchange(server.url, { method, path: `/access-token/${token}`, headers })

  async function mint(audience = server.url): Promise<string> {
    const { id } = await database.knex('customers').where({ email: 'ron@swanson.com' }).first('id')
    const proofs = createProofs({ directory: createSqlDirectory(database), isSignedOut: async () => false })
    const minted = await createSignInLinks({ storage, proofs, audience, allowsReuse: false }).mint({ customerId: id })
    if (minted.outcome !== 'minted') throw new Error(minted.outcome)
    return minted.token
  }

  test('a link signs a person in to the hosted session, once', async () => {
    const token = await mint()
    expect((await follow(token, {}, 'HEAD')).status).toBe(200)
    const jar = createCookieJar()
    const response = await jar.fetch(`${server.url}/access-token/${token}`)
    expect([response.status, response.headers.get('location')]).toEqual([302, '/userinfo'])
    expect(response.headers.get('set-cookie')).toMatch(/vestibule_session=.*httponly/i)

    const authorize = new URL('/authorize', server.url)
    authorize.search = new URLSearchParams({
      client_id: 'frontend',
      response_type: 'code',
      prompt: 'none',
      redirect_uri: 'http://localhost:8080/callback',
      scope: 'openid',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString()
    const signedIn = await jar.fetch(authorize.href)
    expect(signedIn.headers.get('location')).toMatch(/[?&]code=/)

    const again = await follow(token)
    expect(again).toMatchObject({ status: 403 })
    expect(again.text).toContain('Invalid access token.')
  })

  test('somebody who is signed in stays who they are, and the link stays good', async () => {
    const jar = createCookieJar()
    await jar.fetch(`${server.url}/access-token/${await mint()}`)
    const second = await mint()
    expect((await jar.fetch(`${server.url}/access-token/${second}`)).status).toBe(302)
    expect((await follow(second)).status).toBe(302)
  })

  test('a link of another issuer, an access token and a made-up one sign nobody in', async () => {
    const { accessToken } = await obtain(server.url, 'access-tokens', SONIA)
    for (const token of [await mint('https://other.example'), accessToken, 'made-up']) {
      const answer = await follow(token)
      expect(answer.status).toBe(403)
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })

  test('a session id that was planted in the browser is not the one that is signed in', async () => {
    const planted = 'vestibule_session=planted'
    const answer = await follow(await mint(), { cookie: planted })
    expect(answer.status).toBe(302)
    expect(answer.headers.get('set-cookie')).not.toContain('planted')
  })
})
