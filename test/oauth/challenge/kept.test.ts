import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CALLBACK, pkce, read } from '../../endpoints/client.ts'
import { ADMIN } from '../../storage/shop.ts'
import { startTwoNodes, type TwoNodes } from '../../storage/two-nodes.ts'
import { describeOn } from '../../support/describe-on.ts'
import { postForm, postJson } from '../../support/http.ts'
import { createRedisDatabase } from '../../support/shared.ts'
import { APP, PATH } from './app.ts'

const B2B = { username: 'test@meetanshi.com', password: 'Meet@123' }
const MOST_SECONDS = 900

/** Two nodes on the same database, and Redis where `redisUrl` names one. */
function suite(openRedis: () => Promise<string | undefined>): { nodes: () => TwoNodes; redisUrl: () => string } {
  let nodes: TwoNodes
  let redisUrl: string | undefined
  beforeAll(async () => {
    redisUrl = await openRedis()
    nodes = await startTwoNodes(redisUrl, { AUTHORIZATION_CHALLENGE: 'on' })
    const metadata = {
      client_id: APP,
      first_party: true,
      authorization_challenge: true,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: [CALLBACK],
    }
    const authorization = `Bearer ${ADMIN.ADMIN_TOKEN}`
    const made = await postJson(`${nodes.first.adminUrl}/v1/clients`, { metadata }, { authorization })
    if (!made.ok) throw new Error(await made.text())
  })
  afterAll(() => nodes?.stop())
  return { nodes: () => nodes, redisUrl: () => String(redisUrl) }
}

const begin = (url: string, fields: Record<string, string> = {}) =>
  read(
    postForm(url + PATH, {
      client_id: APP,
      response_type: 'code',
      code_challenge: pkce().challenge,
      code_challenge_method: 'S256',
      ...fields,
    }),
  )

/** A step that ends a sign-in, sent to both nodes at once, many times. */
async function race(nodes: TwoNodes): Promise<number[]> {
  const first = await begin(nodes.first.url, B2B)
  const fields = { auth_session: first.body.auth_session as string, company_user_id: 'none' }
  const urls = Array.from({ length: 20 }, (_, index) => (index % 2 ? nodes.first : nodes.second).url)
  const answers = await Promise.all(urls.map((url) => read(postForm(url + PATH, fields))))
  return answers.map(({ status }) => status)
}

const onOneDatabase = (name: string, openRedis: () => Promise<string | undefined>) => {
  const { nodes } = suite(openRedis)
  test(`${name}: a sign-in goes on at the other node, and its last step is taken once`, async () => {
    const statuses = await race(nodes())
    expect(statuses.filter((status) => status === 200).length).toBe(1)
    expect(statuses.filter((status) => status !== 200 && status !== 400)).toEqual([])
  })
}

describeOn('postgres', 'two nodes on Postgres', () => onOneDatabase('Postgres', async () => undefined))
describeOn('redis', 'two nodes on Postgres and Redis', () => onOneDatabase('Redis', createRedisDatabase))

describeOn('redis', 'sign-ins that are left', () => {
  const { nodes, redisUrl } = suite(createRedisDatabase)

  test('leave one record each, for a quarter of an hour, no grant, and no value that opens them', async () => {
    const redis = new Redis(redisUrl())
    try {
      const before = new Set(await redis.keys('*'))
      const values: string[] = []
      for (let count = 0; count < 50; count++) {
        const batch = Array.from({ length: 20 }, (_, index) => begin(nodes().first.url, index === 0 ? B2B : {}))
        for (const { body } of await Promise.all(batch)) values.push(String(body.auth_session))
      }
      const after = (await redis.keys('*')).filter((key) => !before.has(key))
      const kept = after.filter((key) => key.includes('AuthSession'))
      expect(kept.length).toBe(1000)
      expect(after.filter((key) => /Grant|AuthorizationCode/.test(key))).toEqual([])
      const lives = await Promise.all(kept.map((key) => redis.ttl(key)))
      expect(lives.filter((seconds) => seconds <= 0 || seconds > MOST_SECONDS)).toEqual([])
      const stored = (await Promise.all(kept.map((key) => redis.dumpBuffer(key)))).map((value) =>
        value.toString('latin1'),
      )
      const all = [...after, ...stored].join('\n')
      const secretOf = (value: string) => value.slice(-43)
      expect(values.filter((value) => all.includes(value) || all.includes(secretOf(value)))).toEqual([])
    } finally {
      redis.disconnect()
    }
  })
})
