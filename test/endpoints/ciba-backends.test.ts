import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, OWNER } from '../admin/administrators.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts'
import { describeOn } from '../support/describe-on.ts'
import { basicAuth, postForm, readForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { createRedisDatabase } from '../support/shared.ts'
import { read, signIn, sonia } from './client.ts'

/* Approval on another device, on each kind of storage, and where two nodes race. */

const GRANT = 'urn:openid:params:grant-type:ciba'
const SECRET = 'a-secret-of-the-cash-desks'
const desk = basicAuth('desk', SECRET)
const METADATA = {
  client_id: 'desk',
  first_party: true,
  grant_types: [GRANT, 'refresh_token'],
  backchannel_token_delivery_mode: 'poll',
}

const request = async (url: string) => {
  const { body } = await read(
    postForm(`${url}/backchannel`, { scope: 'openid email', login_hint: sonia.username }, desk),
  )
  return String(body.auth_req_id)
}
const poll = (url: string, auth_req_id: string) =>
  read(postForm(`${url}/token`, { grant_type: GRANT, auth_req_id }, desk))

/** Signs Sonia in and opens the form of her oldest request. */
async function openForm(url: string, jar: CookieJar) {
  let page = await jar.follow(await jar.fetch(`${url}/account/apps`))
  let html = await page.response.clone().text()
  if (html.includes('name="password"')) {
    page = await signIn(jar, page, sonia)
    html = await page.response.clone().text()
  }
  const [, href = ''] = /href="([^"]*\/apps\/approve[^"]*)"/.exec(html) ?? []
  const opened = await jar.follow(await jar.fetch(new URL(href.replaceAll('&amp;', '&'), url)))
  return readForm(await opened.response.text(), opened.url)
}

describe('embedded', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ ADMIN_TOKEN: OWNER }, { isEmbedded: true })
    const made = await ask(server, OWNER, 'POST', '/v1/clients', { metadata: METADATA, secret: SECRET })
    expect(made.status).toBe(201)
  })
  afterAll(() => server?.stop())

  test('a request that is approved gives tokens, once', async () => {
    const id = await request(server.url)
    const jar = createCookieJar()
    const { action, fields } = await openForm(server.url, jar)
    const body = new URLSearchParams({ ...fields, decision: 'allow' })
    const answers = await Promise.all(Array.from({ length: 4 }, () => jar.fetch(action, { method: 'POST', body })))
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 404, 404, 404])
    expect((await poll(server.url, id)).status).toBe(200)
  })
})

describeOn('redis', 'two nodes on Postgres and Redis', () => {
  let nodes: TwoNodes
  beforeAll(async () => {
    nodes = await startTwoNodes(await createRedisDatabase(), { ADMIN_TOKEN: OWNER })
    const made = await ask(nodes.first, OWNER, 'POST', '/v1/clients', { metadata: METADATA, secret: SECRET })
    expect([made.status, made.body.detail]).toEqual([201, undefined])
  })
  afterAll(() => nodes?.stop())

  test('what is asked at one node is decided once at both, and given once', async () => {
    const [first, second] = [nodes.first.url, nodes.second.url]
    const id = await request(first)
    const jar = createCookieJar()
    const { action, fields } = await openForm(first, jar)
    const elsewhere = new URL(new URL(action).pathname, second).href
    const decisions = ['allow', 'deny', 'allow', 'deny', 'allow', 'deny'].map((decision, index) =>
      jar.fetch(index % 2 === 0 ? action : elsewhere, {
        method: 'POST',
        body: new URLSearchParams({ ...fields, decision }),
      }),
    )
    const won = (await Promise.all(decisions)).filter(({ status }) => status === 303)
    expect(won).toHaveLength(1)
    const isAllowed = won[0]?.headers.get('location')?.includes('approval-given') === true
    const answers = await Promise.all([0, 1, 2, 3].map((index) => poll(index % 2 === 0 ? first : second, id)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(isAllowed ? 1 : 0)
    for (const { status, body } of answers)
      if (status !== 200)
        expect(body.error).toMatch(isAllowed ? /^slow_down$|^invalid_grant$/ : /^slow_down$|^access_denied$/)
  })

  test('requests that come to both nodes at once are all on the list', async () => {
    const jar = createCookieJar()
    await Promise.all([nodes.first, nodes.second, nodes.first].map(({ url }) => request(url)))
    let page = await jar.follow(await jar.fetch(`${nodes.second.url}/account/apps`))
    page = await signIn(jar, page, sonia)
    expect((await page.response.text()).match(/apps\/approve/g)).toHaveLength(3)
  })
})
