import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { later } from '../support/clock.ts'
import { APP_REDIRECT, type DocumentServer, startDocumentServer } from '../support/document-server.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { authorizationUrl, obtainCode, pkce } from './client.ts'

describe('addresses without end', () => {
  let site: DocumentServer
  let server: TestServer
  beforeAll(async () => {
    site = await startDocumentServer()
    server = await startTestServer({ CLIENT_METADATA_DOCUMENTS: 'open', TRUSTED_PROXIES: '127.0.0.1,::1' })
  })
  afterAll(async () => {
    await server?.stop()
    await site?.stop()
  })
  beforeEach(() => {
    site.paths.length = 0
  })

  let addresses = 0
  async function begin(clientId: string, from = `198.51.100.${++addresses}`) {
    const challenge = { code_challenge: pkce().challenge, code_challenge_method: 'S256' }
    const address = authorizationUrl(server.url, { client_id: clientId, redirect_uri: APP_REDIRECT, ...challenge })
    return fetch(address, { redirect: 'manual', headers: { 'x-forwarded-for': from } })
  }

  test('a thousand bad ids in a minute from one address lead to few fetches', async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `${site.strangers[index % 5]}/none/${index}.json`)
    for (let next = 0; next < ids.length; next += 50) {
      const answers = await Promise.all(ids.slice(next, next + 50).map((id) => begin(id, '192.0.2.77')))
      for (const { status } of answers) expect(status).toBe(400)
    }
    expect(site.paths.length).toBeGreaterThan(0)
    expect(site.paths.length).toBeLessThanOrEqual(20)
  })

  test('a flood of new ids at its host does not keep out an app that somebody let in', async () => {
    const origin = site.strangers[2] ?? ''
    const known = site.put('/in-use.json', { client_name: 'In use' }, {}, origin)
    const { code } = await obtainCode(server.url, { client_id: known, redirect_uri: APP_REDIRECT })
    expect(code).not.toBe('')
    const fresh = site.put('/new-at-host.json', { client_name: 'New there' }, {}, origin)
    await later(async () => {
      const flood = Array.from({ length: 40 }, (_, index) => begin(`${origin}/flood/${index}.json`))
      expect(new Set((await Promise.all(flood)).map(({ status }) => status))).toEqual(new Set([400]))
      expect((await begin(fresh)).status).toBe(400)
      site.paths.length = 0
      expect((await begin(known)).status).toBe(303)
      expect(site.paths).toEqual(['/in-use.json'])
    }, 700)
  })
})
