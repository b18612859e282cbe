import { generate } from 'otplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeOn } from '../../support/describe-on.ts'
import { postJson } from '../../support/http.ts'
import { startTestServer, type TestServer } from '../../support/server.ts'
import { createDatabase } from '../../support/shared.ts'

const ADMIN_TOKEN = 'an-admin-token-for-tests'
const AGENT = { username: 'agent@example.com', password: 'change123' }

describeOn('postgres', 'an agent’s codes over several nodes', () => {
  let nodes: TestServer[] = []
  beforeAll(async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    const settings = {
      DATABASE_URL,
      ADMIN_TOKEN,
      KEYS_URL: 'sql:',
      LOCKOUT_ATTEMPTS: '100',
      MAGENTO_THROTTLE_ATTEMPTS: '10',
    }
    nodes = [await startTestServer(settings), await startTestServer(settings)]
  })
  afterAll(async () => {
    for (const node of nodes) await node.stop()
  })

  test('a code lets one request in, whichever nodes are asked at once', async () => {
    const [first] = nodes as [TestServer]
    const authorization = `Bearer ${ADMIN_TOKEN}`
    const listed = await fetch(`${first.adminUrl}/v1/agents`, { headers: { authorization } })
    const { items: agents } = (await listed.json()) as { items: { id: string }[] }
    const endpoint = `${first.adminUrl}/v1/agents/${agents[0]?.id}/second-factor`
    const { secret } = (await (await postJson(endpoint, {}, { authorization })).json()) as { secret: string }
    await postJson(`${endpoint}/confirm`, { code: await generate({ secret }) }, { authorization })

    const otp = await generate({ secret, epoch: Math.floor(Date.now() / 1000) + 30 })
    const asked = [...nodes, ...nodes, ...nodes].map(({ url }) =>
      postJson(`${url}/rest/V1/tfa/provider/google/authenticate`, { ...AGENT, otp }),
    )
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 401, 401, 401, 401, 401])
  })

  test('wrong passwords at one node’s endpoint close the other’s', async () => {
    const login = { username: 'ron@swanson.com', password: 'mysecretpassword' }
    const ask = async (node: TestServer | undefined, password: string) =>
      (await postJson(`${node?.url}/rest/V1/integration/customer/token`, { ...login, password })).status
    for (let index = 0; index < 10; index++) await ask(nodes[index % 2], `wrong ${index}`)
    expect([await ask(nodes[0], login.password), await ask(nodes[1], login.password)]).toEqual([401, 401])
  })
})
