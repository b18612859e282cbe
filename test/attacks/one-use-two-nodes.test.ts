import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { read } from '../endpoints/client.ts'
import { ADMIN } from '../storage/shop.ts'
import { startTwoNodes, type TwoNodes } from '../storage/two-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { postForm, postJson } from '../support/http.ts'
import { createRedisDatabase } from '../support/shared.ts'

describeOn('redis', 'two nodes on Postgres and Redis', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const client_id = 'by-assertion'
  let nodes: TwoNodes
  beforeAll(async () => {
    nodes = await startTwoNodes(await createRedisDatabase())
    const metadata = {
      client_id,
      first_party: true,
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' }] },
    }
    const authorization = `Bearer ${ADMIN.ADMIN_TOKEN}`
    const made = await postJson(`${nodes.first.adminUrl}/v1/clients`, { metadata }, { authorization })
    expect(made.status).toBe(201)
  })
  afterAll(() => nodes?.stop())

  test('a client assertion lets its client in once of 60 times at once (RFC 7523 §3)', async () => {
    const exp = Math.floor(Date.now() / 1000) + 60
    const claims = { iss: client_id, sub: client_id, aud: nodes.first.url, jti: randomUUID(), exp }
    const input = [{ alg: 'ES256' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    const form = {
      grant_type: 'client_credentials',
      client_assertion: `${input}.${signature.toString('base64url')}`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }
    const urls = Array.from({ length: 60 }, (_, index) => (index % 2 ? nodes.first.url : nodes.second.url))
    const answers = await Promise.all(urls.map((url) => read(postForm(`${url}/token`, form))))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const { status } of answers) expect([200, 401, 503]).toContain(status)
  })
})
