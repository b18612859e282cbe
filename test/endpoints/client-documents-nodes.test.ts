import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN } from '../storage/shop.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { APP_REDIRECT, type DocumentServer, startDocumentServer } from '../support/document-server.ts'
import { postJson } from '../support/http.ts'
import type { TestSettings } from '../support/server.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { waitFor } from '../support/wait-for.ts'
import { authorizationUrl, introspect, obtainCode, pkce, read, redeem, refresh } from './client.ts'

describeOn('redis', 'clients with a metadata document, on two nodes', () => {
  let site: DocumentServer
  let nodes: TwoNodes
  beforeAll(async () => {
    site = await startDocumentServer()
    const trust = { NODE_EXTRA_CA_CERTS: site.ca } as TestSettings // of Node, not of ours
    nodes = await startTwoNodes(await createRedisDatabase(), { CLIENT_METADATA_DOCUMENTS: 'open', ...trust })
  })
  afterAll(async () => {
    await nodes?.stop()
    await site?.stop()
  })

  const begin = async (url: string, clientId: string) => {
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const address = authorizationUrl(url, { client_id: clientId, redirect_uri: APP_REDIRECT, ...challenge })
    return (await fetch(address, { redirect: 'manual' })).status
  }

  test('what one node fetched the other one knows, and both fetch a new one once at most, however many ask', async () => {
    const clientId = site.put('/shared.json')
    const { first, second } = nodes
    expect(await begin(first.url, clientId)).toBe(303)
    expect(await begin(second.url, clientId)).toBe(303)
    expect(site.paths).toEqual(['/shared.json'])

    const raced = site.put('/raced.json')
    const urls = Array.from({ length: 40 }, (_, index) => (index % 2 ? first.url : second.url))
    expect(new Set(await Promise.all(urls.map((url) => begin(url, raced))))).toEqual(new Set([303]))
    expect(site.paths.filter((path) => path === '/raced.json').length).toBeLessThanOrEqual(2)
  })

  test('a token of one node works at the other, and ends there when the host is blocked', async () => {
    const { first, second } = nodes
    const clientId = site.put('/used.json', {}, {}, site.strangers[1])
    const redirect_uri = APP_REDIRECT
    const { code, verifier } = await obtainCode(first.url, { client_id: clientId, redirect_uri })
    const { body } = await read(redeem(first.url, code, verifier, { client_id: clientId, redirect_uri }))
    expect(await introspect(second.url, body.access_token)).toMatchObject({ active: true, client_id: clientId })
    const again = await read(refresh(second.url, body.refresh_token, { client_id: clientId }))
    expect(again.status).toBe(200)

    const authorization = `Bearer ${ADMIN.ADMIN_TOKEN}`
    const target = new URL(clientId).host
    const blocked = await postJson(`${first.adminUrl}/v1/client-documents/block`, { target }, { authorization })
    expect(blocked.status).toBe(200)
    for (const { url } of [first, second])
      await waitFor(async () => (await introspect(url, again.body.access_token)).active === false, {
        what: 'the end of the token',
      })
    expect(await begin(second.url, clientId)).toBe(400)
  })
})
