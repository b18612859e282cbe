import { afterAll, beforeAll, expect, test } from 'vitest'
import { introspect, tokensOf } from '../endpoints/client.ts'
import { startNodes } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import type { ServerProcess } from '../support/server.ts'
import { createDatabase, createRedisDatabase } from '../support/shared.ts'
import { AGENT, actFor, actingTokens, owner } from './acting.ts'

describeOn('redis', 'support access over several nodes', () => {
  let nodes: ServerProcess[] = []
  beforeAll(async () => {
    nodes = await startNodes(2, {
      DATABASE_URL: await createDatabase({ demo: true }),
      REDIS_URL: await createRedisDatabase(),
    })
  })
  afterAll(async () => {
    for (const node of nodes) await node.kill()
  })

  test('switched off on one node, it is off on the other at once, and what is open there is dead', async () => {
    const [here, there] = nodes as [ServerProcess, ServerProcess]
    const acting = await actingTokens(there)
    expect(await introspect(there.url, acting.access_token)).toMatchObject({ active: true })
    expect((await owner(here, 'POST', '/v1/support-access/off')).body).toMatchObject({ isOn: false, ended: 1 })
    expect(await introspect(there.url, acting.access_token)).toEqual({ active: false })
    expect((await actFor(there)).body).toMatchObject({ error: 'access_denied' })
    await owner(there, 'POST', '/v1/support-access/on')
    expect((await actFor(here)).status).toBe(200)
  })

  test('of accesses that begin on one node while the other switches off, none is left open', async () => {
    const [here, there] = nodes as [ServerProcess, ServerProcess]
    const { access_token: subject_token } = await tokensOf(there.url, AGENT)
    const begun = Array.from({ length: 10 }, () => actFor(there, { subject_token }))
    await Promise.race(begun)
    await owner(here, 'POST', '/v1/support-access/off')
    for (const { status, body } of await Promise.all(begun)) {
      const { access_token } = body as { access_token?: string }
      if (status === 200) expect(await introspect(here.url, String(access_token))).toEqual({ active: false })
      else expect(body).toMatchObject({ error: 'access_denied' })
    }
    expect((await owner(here, 'GET', '/v1/support-accesses?state=open')).body.items).toEqual([])
  })
})
