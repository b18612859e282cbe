import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { introspect, revoke, ron, sonia, type Tokens } from '../endpoints/client.ts'
import { addPlatform, addShop, CART, CHECKOUT, ORDERS, type Platform } from '../endpoints/platform.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'

describeOn('redis', 'links of agents on two nodes', () => {
  let nodes: TwoNodes
  let shop: string
  beforeAll(async () => {
    nodes = await startTwoNodes(await createRedisDatabase(), { ADMIN_TOKEN: OWNER, LOG_LEVEL: 'fatal' })
    shop = await addShop(nodes.first)
  })
  afterAll(() => nodes?.stop())

  const isActive = async (url: string, token: string, { headers }: Platform) =>
    (await introspect(url, token, headers)).active === true

  test('one act ends an agent everywhere: every link, on both nodes, within seconds, and no new one', async () => {
    const platform = await addPlatform(nodes.first, shop)
    const elsewhere = platform.at(nodes.second.url)
    const links = [await platform.link(), await elsewhere.link({}, { login: ron })]
    const disabled = await ask(nodes.first, OWNER, 'POST', `/v1/clients/${platform.clientId}/disable`)
    expect(disabled.status).toBe(200)
    for (const url of [nodes.first.url, nodes.second.url]) {
      const at = platform.at(url)
      await waitFor(async () => (await at.refresh(links[0]?.refresh_token ?? '')).status === 401, { what: 'no client' })
      for (const { refresh_token } of links) expect((await at.refresh(refresh_token)).status).toBe(401)
      expect((await at.authorize().catch(() => undefined))?.code ?? '').toBe('')
    }
    expect((await ask(nodes.first, OWNER, 'POST', `/v1/clients/${platform.clientId}/enable`)).status).toBe(200)
    await waitFor(async () => (await elsewhere.refresh(links[0]?.refresh_token ?? '')).status !== 401, { what: 'back' })
    for (const { access_token, refresh_token } of links) {
      expect(await isActive(nodes.second.url, access_token, platform)).toBe(false)
      expect((await elsewhere.refresh(refresh_token)).body).toMatchObject({ error: 'invalid_grant' })
    }
  })

  test('the trail names client, customer and grant of a run, and none of its tokens', async () => {
    const platform = await addPlatform(nodes.first, shop)
    const elsewhere = platform.at(nodes.second.url)
    const secrets: string[] = []
    const keep = ({ access_token, refresh_token }: Pick<Tokens, 'access_token' | 'refresh_token'>) =>
      void secrets.push(access_token, refresh_token)
    const first = await platform.authorize({ scope: ORDERS })
    const second = await elsewhere.authorize({ scope: `${CHECKOUT} ${CART}` })
    secrets.push(first.code, second.code)
    for (const { answer } of [first, second]) keep(answer?.body as Tokens)
    const { access_token, refresh_token } = (first.answer?.body ?? {}) as Tokens
    await introspect(nodes.second.url, access_token, platform.headers)
    const refreshed = await elsewhere.refresh(refresh_token)
    keep(refreshed.body as Tokens)
    await elsewhere.refresh('a-token-that-nobody-made')
    await revoke(nodes.first.url, refreshed.body.refresh_token, {}, platform.headers)

    const ofPlatform = (all: readonly Entry[]) => all.filter(({ clientId }) => clientId === platform.clientId)
    const steps = ['link.created', 'link.widened', 'link.used', 'link.withdrawn', 'token.revoked']
    await waitFor(
      async () => {
        const types = ofPlatform(await trail()).map(({ type }) => type)
        return steps.every((type) => types.includes(type))
      },
      { what: steps.join(', ') },
    )
    const entries = await trail()
    const ofClient = ofPlatform(entries)
    for (const entry of ofClient.filter(({ type }) => type.startsWith('link.'))) {
      expect(entry).toMatchObject({ customerId: expect.any(String), grantId: expect.any(String) })
    }
    const whole = JSON.stringify(entries)
    expect(secrets.length).toBeGreaterThan(6)
    // Also not in part: neither half of a value is there.
    const parts = secrets.flatMap((value) => [value, value.slice(0, 20), value.slice(-20)])
    expect(parts.filter((part) => whole.includes(part))).toEqual([])
    expect(whole).not.toContain(sonia.password)
  })

  type Entry = { readonly type: string; readonly clientId?: string; readonly seq: number }

  /** The whole trail of both nodes, as far as it is written. */
  async function trail(): Promise<Entry[]> {
    const entries: Entry[] = []
    let path: string | undefined = '/v1/audit?limit=1000'
    while (path !== undefined) {
      const { body } = await ask(nodes.first, OWNER, 'GET', path)
      const page = body as { items: Entry[]; next?: string }
      entries.push(...page.items)
      path = page.next === undefined ? undefined : `/v1/audit?limit=1000&cursor=${encodeURIComponent(page.next)}`
    }
    return entries
  }
})
