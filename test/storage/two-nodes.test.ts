import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  authorizationUrl,
  CALLBACK,
  introspect,
  obtainCode,
  pkce,
  read,
  redeem,
  refresh,
  requestTokens,
  revoke,
  ron,
  SONIA_COMPANY_USER,
  sonia,
  tokensOf,
  userinfo,
} from '../endpoints/client.ts'
import { describeOn } from '../support/describe-on.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { untilAnswered } from '../support/until-answered.ts'
import { dpopKey, dpopProof, signOut } from './shop.ts'
import { startTwoNodes, type TwoNodes } from './two-nodes.ts'

const SCOPE = 'openid email customer company'
const isOne = (count: number) => ({ winners: count })

describeOn('redis', 'two nodes on Postgres and Redis', () => {
  let nodes: TwoNodes
  let [first, second] = ['', '']
  beforeAll(async () => {
    nodes = await startTwoNodes(await createRedisDatabase())
    first = nodes.first.url
    second = nodes.second.url
  })
  afterAll(() => nodes?.stop())

  const both = (count: number) => Array.from({ length: count }, (_, index) => (index % 2 ? first : second))

  describe('race', () => {
    test('a code is redeemed once of 40 times at once; the others are refused, and the grant goes', async () => {
      const { code, verifier } = await obtainCode(first)
      const answers = await Promise.all(both(40).map((url) => read(redeem(url, code, verifier))))
      const won = answers.filter(({ status }) => status === 200)
      expect(isOne(won.length)).toEqual(isOne(1))
      for (const { status, body } of answers) {
        if (status !== 200 && status !== 503) expect([status, body.error]).toEqual([400, 'invalid_grant'])
      }
      expect(await introspect(second, won[0]?.body.access_token)).toEqual({ active: false })
    })

    test('a refresh token shown 50 times at once is rotated once, and all get the same bytes', async () => {
      const { refresh_token } = await tokensOf(first)
      const answers = await Promise.all(both(50).map((url) => untilAnswered(() => read(refresh(url, refresh_token)))))
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    })

    test('a DPoP proof is accepted once of 20 times at once', async () => {
      const proof = dpopProof(dpopKey(), `${first}/token`)
      const answers = await Promise.all(both(20).map((url) => read(requestTokens(url, {}, proof))))
      expect(isOne(answers.filter(({ status }) => status === 200).length)).toEqual(isOne(1))
      for (const { status } of answers) expect([200, 400, 503]).toContain(status)
    })
  })

  describe('one write', () => {
    test('that ends a grant kills its code, access tokens and refresh token on every node', async () => {
      const tokens = await tokensOf(first, { scope: SCOPE })
      const opaque = await tokensOf(first, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' })
      await Promise.all([revoke(first, tokens.refresh_token), revoke(first, opaque.refresh_token)])
      expect(await introspect(second, tokens.access_token)).toEqual({ active: false })
      expect(await introspect(second, opaque.access_token)).toEqual({ active: false })
      expect((await userinfo(second, tokens.access_token)).status).toBe(401)
      expect((await read(refresh(second, tokens.refresh_token))).body.error).toBe('invalid_grant')
    })

    type Subject = { of: string; id?: (tokens: { sub: string }) => string }
    const subjects: readonly Subject[] = [
      { of: 'customer', id: ({ sub }) => sub },
      { of: 'company-user', id: () => SONIA_COMPANY_USER },
      { of: 'client', id: () => 'frontend' },
      { of: 'everybody' },
    ]
    test.each(subjects)('that signs out $of is honoured by every endpoint of every node', async ({ of, id }) => {
      const tokens = await tokensOf(first, { scope: SCOPE })
      const opaque = await tokensOf(first, { resource: 'urn:vestibule:warehouse', scope: 'stock:read' })
      const { code, verifier, jar } = await obtainCode(first, { scope: SCOPE })
      const { sub } = await introspect(first, tokens.access_token)
      await signOut(nodes.first, { of, ...(id && { id: id({ sub: String(sub) }) }) })

      expect(await introspect(second, tokens.access_token)).toEqual({ active: false })
      expect(await introspect(second, opaque.access_token)).toEqual({ active: false })
      expect((await userinfo(second, tokens.access_token)).status).toBe(401)
      expect((await read(refresh(second, tokens.refresh_token))).body.error).toBe('invalid_grant')
      expect((await read(redeem(second, code, verifier))).body.error).toBe('invalid_grant')
      if (of === 'customer' || of === 'everybody') {
        const { challenge } = pkce()
        const fields = { code_challenge: challenge, code_challenge_method: 'S256', scope: SCOPE }
        const answer = await jar.fetch(authorizationUrl(second, fields))
        const page = await jar.follow(answer, { stopAt: CALLBACK })
        expect(page.url, 'the browser session').toContain('/interaction/')
      }
      const again = await tokensOf(second, { ...sonia, scope: SCOPE })
      expect((await introspect(first, again.access_token)).active, 'signing in again').toBe(true)
    })

    test('that signs out one customer leaves the others alone', async () => {
      const [hers, his] = [await tokensOf(first, sonia), await tokensOf(first, ron)]
      const { sub } = await introspect(first, hers.access_token)
      await signOut(nodes.first, { of: 'customer', id: String(sub) })
      expect((await introspect(second, his.access_token)).active).toBe(true)
      expect((await refresh(second, his.refresh_token)).status).toBe(200)
    })
  })
})
