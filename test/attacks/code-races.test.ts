import { errors } from 'oidc-provider'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAdapter } from '../../src/oauth/engine/adapter.ts'
import { createRefreshTokens } from '../../src/oauth/refresh/refresh-tokens.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import {
  authorizationUrl,
  CALLBACK,
  introspect,
  obtainCode,
  pkce,
  read,
  redeem,
  refresh,
  signIn,
  sonia,
  submit,
} from '../endpoints/client.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm } from '../support/http.ts'
import { createRedisDatabase } from '../support/shared.ts'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
const AT_ONCE = 12

/** A way to send one code to a node. */
type Sender = { readonly client_id: string; readonly send: (url: string) => Promise<Response> }

async function authorizationCode(url: string): Promise<Sender> {
  const { code, verifier } = await obtainCode(url)
  return { client_id: 'frontend', send: (node) => redeem(node, code, verifier) }
}

async function deviceCode(url: string): Promise<Sender> {
  const client_id = 'device-app'
  const { body } = await read(postForm(`${url}/device_authorization`, { client_id, scope: 'openid customer' }))
  const [jar, stopAt] = [createCookieJar(), 'http://client.invalid']
  let page = await jar.follow(await jar.fetch(`${url}/device`))
  page = await submit(jar, page, { user_code: body.user_code }, stopAt)
  page = await submit(jar, page, { confirm: 'yes' }, stopAt)
  page = await signIn(jar, page, sonia, stopAt)
  if (page.url.includes('/interaction/')) await submit(jar, page, { decision: 'allow' }, stopAt)
  const fields = { grant_type: DEVICE_CODE, device_code: body.device_code, client_id }
  return { client_id, send: (node) => postForm(`${node}/token`, fields) }
}

const BACKENDS = [
  { name: 'Postgres', needs: 'postgres', redisUrl: async () => undefined },
  { name: 'Redis', needs: 'redis', redisUrl: createRedisDatabase },
] as const

for (const { name, needs, redisUrl } of BACKENDS) {
  describeOn(needs, `two nodes on ${name}`, () => {
    let nodes: TwoNodes
    const url = (index: number) => (index % 2 ? nodes.second.url : nodes.first.url)
    beforeAll(async () => {
      nodes = await startTwoNodes(await redisUrl())
    })
    afterAll(() => nodes?.stop())
    const atOnce = <T>(act: (url: string) => Promise<T>) =>
      Promise.all(Array.from({ length: AT_ONCE }, (_, index) => act(url(index))))

    test.each([
      { code: 'a device code', obtain: deviceCode, goesOn: true },
      { code: 'an authorization code', obtain: authorizationCode, goesOn: false },
    ])('$code that is sent many times at once is answered once; what was answered goes on: $goesOn', async (row) => {
      const { obtain, goesOn } = row
      const { client_id, send } = await obtain(url(0))
      const answers = await atOnce((node) => read(send(node)))
      const won = answers.filter(({ status }) => status === 200)
      expect(won).toHaveLength(1)
      for (const { status, body } of answers.filter((answer) => answer.status !== 200)) {
        expect([status, body.error]).toEqual([400, 'invalid_grant'])
      }
      const tokens = won[0]?.body
      for (const node of [url(0), url(1)]) {
        expect(await introspect(node, tokens.access_token)).toMatchObject({ active: goesOn })
      }
      expect((await refresh(url(1), tokens.refresh_token, { client_id })).status).toBe(goesOn ? 200 : 400)
    })

    test('a pushed request that is opened many times at once ends in one code, which is good', async () => {
      const { verifier, challenge } = pkce()
      const { jar } = await obtainCode(url(0))
      const asked = new URL(authorizationUrl(url(0), { code_challenge: challenge, code_challenge_method: 'S256' }))
      const { body } = await read(postForm(`${url(0)}/par`, Object.fromEntries(asked.searchParams)))
      const opened = { client_id: 'frontend', request_uri: body.request_uri }
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, () => jar.fetch(`${url(0)}/authorize?${new URLSearchParams(opened)}`)),
      )
      const places = answers.map((answer) => answer.headers.get('location') ?? '')
      const codes = places
        .filter((place) => place.startsWith(CALLBACK))
        .flatMap((place) => {
          const { searchParams } = new URL(place)
          return searchParams.get('code') ?? []
        })
      expect(codes).toHaveLength(1)
      expect((await redeem(url(1), String(codes[0]), verifier)).status).toBe(200)
    })
  })
}

describe('in memory', () => {
  test.each([
    ['DeviceCode', 0],
    ['AuthorizationCode', AT_ONCE - 1],
  ])('%s has one winner of many at once; the losers end its grant %d times', async (kind, endings) => {
    const storage = createMemoryStorage()
    const ended: string[] = []
    const adapter = createAdapter({
      storage,
      errors,
      refreshTokens: createRefreshTokens({ storage, macKeys: ['a key for this test'] }),
      findClient: async () => undefined,
      sealKeys: ['another key for this test'],
      grantTtlSeconds: async () => 60,
      companyUserInContext: () => undefined,
      endGrant: async (grantId) => void ended.push(grantId),
    })(kind)
    await adapter.upsert('code', { grantId: 'grant' }, 60)
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => adapter.consume('code')))
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const each of settled) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ error: 'invalid_grant' })
    }
    expect(ended).toHaveLength(endings)
  })
})
