import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ADMIN, refreshCounts } from '../storage/shop.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { introspect, read, ron, type Tokens } from './client.ts'
import { addPlatform, addShop, CHECKOUT, ORDERS, type Platform, SECRET } from './platform.ts'

const AT_ONCE = 50
/** How long another node, and a platform that looks, may see what was so before. */
const REVOKED_WITHIN_MS = 2000
const NAMED_WITHIN_MS = 10_000

const BACKENDS = [
  { name: 'Postgres', needs: 'postgres', redisUrl: async () => undefined },
  { name: 'Postgres and Redis', needs: 'redis', redisUrl: createRedisDatabase },
] as const

describe.each(BACKENDS)('links on two nodes', ({ name, needs, redisUrl }) =>
  describeOn(needs, `with ${name}`, () => {
    let nodes: TwoNodes
    let [first, second] = ['', '']
    let shop: string
    let platform: Platform
    beforeAll(async () => {
      nodes = await startTwoNodes(await redisUrl(), { LOCKOUT_ATTEMPTS: '3' })
      first = nodes.first.url
      second = nodes.second.url
      shop = await addShop(nodes.first, {}, ADMIN.ADMIN_TOKEN)
      platform = await addPlatform(nodes.first, shop, {}, ADMIN.ADMIN_TOKEN)
    })
    afterAll(() => nodes?.stop())

    const both = (count: number) => Array.from({ length: count }, (_, index) => (index % 2 ? first : second))
    const isActive = async (url: string, token: string) => (await introspect(url, token, platform.headers)).active

    test.each(['lazy', 'rotate', 'keep'])(
      'a refresh token of the policy %s that is shown 50 times at once brings no error and leaves the link whole',
      async (refresh_policy) => {
        const client = await addPlatform(nodes.first, shop, { refresh_policy }, ADMIN.ADMIN_TOKEN)
        const tokens = await client.link({}, { login: ron })
        const answers = await Promise.all(both(AT_ONCE).map((url) => client.at(url).refresh(tokens.refresh_token)))
        expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
        expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1)
        const bodies = answers.map(({ body }) => body as Tokens)
        const next = await client.at(second).refresh(bodies[0]?.refresh_token ?? '')
        expect(next.status).toBe(200)
        const accessTokens = [tokens, ...bodies, next.body as Tokens].map(({ access_token }) => access_token)
        const active = accessTokens.map(async (token, index) => {
          const { active } = await introspect(both(2)[index % 2] ?? first, token, client.headers)
          return active
        })
        expect(await Promise.all(active)).toEqual(accessTokens.map(() => true))
        if (refresh_policy === 'lazy')
          expect(new Set(bodies.map(({ access_token }) => access_token)).size).toBe(AT_ONCE)
      },
    )

    test('a successor whose answers were lost fifty times is as good as new', async () => {
      const tokens = await platform.link({}, { login: ron })
      const { body } = await platform.refresh(tokens.refresh_token)
      await Promise.all(both(AT_ONCE).map((url) => platform.at(url).refresh(tokens.refresh_token)))
      const next = await platform.at(second).refresh(body.refresh_token)
      expect(next.status).toBe(200)
      expect(await isActive(first, next.body.access_token)).toBe(true)
    })

    test('the old token after its successor was used ends the link on both nodes, and is counted as theft', async () => {
      const tokens = await platform.link({}, { login: ron })
      const before = (await refreshCounts(nodes.second)).theft ?? 0
      const { body } = await platform.refresh(tokens.refresh_token)
      const used = await platform.at(second).refresh(body.refresh_token)
      const stolen = await platform.at(second).refresh(tokens.refresh_token)
      expect([stolen.status, stolen.body.error]).toEqual([400, 'invalid_grant'])
      for (const url of [first, second]) {
        expect((await platform.at(url).refresh(used.body.refresh_token)).body.error).toBe('invalid_grant')
        expect(await isActive(url, used.body.access_token)).toBe(false)
      }
      expect((await refreshCounts(nodes.second)).theft).toBe(before + 1)
    })

    test('a revoked refresh token takes the access tokens along on every node, within two seconds', async () => {
      const tokens = await platform.link({}, { login: ron })
      const { body: next } = await platform.at(second).refresh(tokens.refresh_token)
      const all = [tokens.access_token, next.access_token as string]
      for (const url of [first, second]) for (const token of all) expect(await isActive(url, token)).toBe(true)
      const revoked = async (fields: Record<string, string>, headers = {}) =>
        (await postForm(`${first}/revoke`, { token: next.refresh_token, ...fields }, headers)).status

      const stranger = await addPlatform(nodes.first, shop, {}, ADMIN.ADMIN_TOKEN)
      expect(await revoked({}, stranger.headers)).toBe(200)
      expect(await revoked({ client_id: platform.clientId, client_secret: 'wrong' })).toBe(401)
      for (const token of all) expect(await isActive(second, token)).toBe(true)

      // Credentials in the body, as some platforms send them.
      const form = { client_id: platform.clientId, client_secret: SECRET, token_type_hint: 'refresh_token' }
      expect(await revoked(form)).toBe(200)
      for (const url of [first, second])
        for (const token of all)
          await waitFor(async () => (await isActive(url, token)) === false, {
            deadlineMs: REVOKED_WITHIN_MS,
            what: 'the end of the link',
          })
      expect(await revoked(form)).toBe(200)
      for (const url of [first, second])
        expect((await platform.at(url).refresh(next.refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
    })

    test('the metadata of the other node name the scopes of a new resource server within ten seconds', async () => {
      const scopes = ['com.example.loyalty:points', 'com.example.loyalty:spend']
      await addShop(nodes.first, { scopes }, ADMIN.ADMIN_TOKEN)
      const named = async () => {
        const { body } = await read(fetch(`${second}/.well-known/oauth-authorization-server`))
        return scopes.every((scope) => (body.scopes_supported as string[]).includes(scope))
      }
      await waitFor(named, { deadlineMs: NAMED_WITHIN_MS, what: 'the scopes of the new resource server' })
    })

    test('metadata are answered 200 while the address that asks is locked out, and to many at once', async () => {
      for (let tries = 0; tries < 5; tries++)
        await postForm(`${first}/token`, { grant_type: 'password', client_id: 'frontend', ...ron, password: 'wrong' })
      const places = ['oauth-authorization-server', 'openid-configuration']
      const asked = places.flatMap((place) =>
        [
          {},
          { authorization: 'Bearer nonsense' },
          basicAuth('nobody', 'wrong'),
          { origin: 'https://platform.example' },
        ].flatMap((headers) =>
          both(40).map((url) => fetch(`${url}/.well-known/${place}`, { headers, redirect: 'manual' })),
        ),
      )
      const statuses = await Promise.all(asked.map(async (answer) => (await answer).status))
      expect(new Set(statuses)).toEqual(new Set([200]))
      const { body } = await read(fetch(`${second}/.well-known/oauth-authorization-server`))
      expect(body).toMatchObject({
        issuer: first,
        authorization_endpoint: expect.any(String),
        token_endpoint: expect.any(String),
        revocation_endpoint: expect.any(String),
        jwks_uri: expect.any(String),
        scopes_supported: expect.arrayContaining([CHECKOUT, ORDERS]),
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        token_endpoint_auth_methods_supported: expect.arrayContaining([
          'none',
          'client_secret_post',
          'private_key_jwt',
        ]),
      })
    })
  }),
)
