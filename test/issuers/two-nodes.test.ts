import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../admin/administrators.ts'
import { read } from '../endpoints/client.ts'
import { ADMIN } from '../storage/shop.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm } from '../support/http.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { JWT_BEARER, SECRET } from './linked-shop.ts'
import { type LocalIssuer, startLocalIssuer } from './local-issuer.ts'

describeOn('redis', 'two nodes on Postgres and Redis', () => {
  const issuer = { id: 'provider', kind: 'ucp', subjects: 'provision' }
  let nodes: TwoNodes
  let local: LocalIssuer
  beforeAll(async () => {
    local = await startLocalIssuer()
    nodes = await startTwoNodes(await createRedisDatabase())
    const metadata = { client_id: 'platform', grant_types: [JWT_BEARER], resource_scopes: ['orders:read'] }
    await admin('POST', '/v1/clients', { metadata, secret: SECRET })
    await admin('POST', '/v1/issuers', { issuer: { ...issuer, issuer: local.issuer } })
  })
  afterAll(async () => {
    await nodes?.stop()
    await local?.stop()
  })

  async function admin(method: string, path: string, body: object): Promise<void> {
    const answer = await ask(nodes.first, ADMIN.ADMIN_TOKEN, method, path, body, { 'if-match': '*' })
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body))
  }
  const assertionOf = (sub: string) =>
    local.assert({ aud: nodes.first.url, sub, email: `${sub}@elsewhere.example`, client_id: 'platform' })
  const trade = ({ url }: { readonly url: string }, assertion: string) =>
    read(
      postForm(`${url}/token`, { grant_type: JWT_BEARER, assertion, scope: 'customer' }, basicAuth('platform', SECRET)),
    )

  test('an assertion that is good once gives tokens once of 40 times at once', async () => {
    // The account is there before, so that making it is no part of the race.
    expect((await trade(nodes.first, await assertionOf('racer'))).status).toBe(200)
    const assertion = await assertionOf('racer')
    const places = Array.from({ length: 40 }, (_, index) => (index % 2 ? nodes.first : nodes.second))
    const answers = await Promise.all(places.map((node) => trade(node, assertion)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of answers) expect([200, 400, 503]).toContain(status)
  })

  test('a person who is new gets one account, though both nodes are asked at once', async () => {
    const places = [nodes.first, nodes.second, nodes.first, nodes.second]
    const answers = await Promise.all(places.map(async (node) => trade(node, await assertionOf('newcomer'))))
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    const found = await ask(nodes.second, ADMIN.ADMIN_TOKEN, 'GET', '/v1/customers?search=newcomer')
    expect(found.body.items).toHaveLength(1)
  })

  test('an issuer that is disabled on one node is refused by the other, and taken again when it is enabled', async () => {
    for (const is_enabled of [false, true]) {
      await admin('PUT', '/v1/issuers/provider', { issuer: { ...issuer, issuer: local.issuer, is_enabled } })
      await waitFor(
        async () => (await trade(nodes.second, await assertionOf('racer'))).status === (is_enabled ? 200 : 400),
        {
          what: `the issuer to be ${is_enabled ? 'enabled' : 'disabled'} on the other node`,
        },
      )
    }
  })
})
