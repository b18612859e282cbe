import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OWNER } from '../admin/administrators.ts'
import { keyPair, nowSeconds, registerSecureClient, type SecureClient } from '../conformance/high-security-client.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'

const KINDS = ['optional', 'required'] as const
const servers = new Map<string, { server: TestServer; app: SecureClient }>()
beforeAll(async () => {
  await Promise.all(
    KINDS.map(async (DPOP_NONCES) => {
      const server = await startTestServer({ ADMIN_TOKEN: OWNER, DPOP_NONCES } satisfies TestSettings)
      servers.set(DPOP_NONCES, { server, app: await registerSecureClient(server, 'nonce-app') })
    }),
  )
})
afterAll(() => Promise.all([...servers.values()].map(({ server }) => server.stop())))

const on = (kind: (typeof KINDS)[number]) => {
  const found = servers.get(kind)
  if (!found) throw new Error('not started')
  return found
}

describe('where nonces are required', () => {
  test.each(['/token', '/par'])('%s asks for one, and takes the proof that has it', async (path) => {
    const { app } = on('required')
    const send = async (nonce?: string) => {
      const DPoP = await app.proof(path, { payload: { nonce } })
      return path === '/par' ? app.push({}, { DPoP }) : app.redeem('no-code', {}, { DPoP })
    }
    const asked = await send()
    expect([asked.status, asked.body.error]).toEqual([400, 'use_dpop_nonce'])
    const answered = await send(asked.headers.get('dpop-nonce') ?? '')
    expect([answered.status, answered.body.error]).toEqual(path === '/par' ? [201, undefined] : [400, 'invalid_grant'])
  })

  test('userinfo asks for one in its challenge, and takes the proof that has it', async () => {
    const { app } = on('required')
    const nonce = (await app.push({}, { DPoP: await app.proof('/par') })).headers.get('dpop-nonce') ?? ''
    const code = await app.code()
    const tokens = await app.redeem(code, {}, { DPoP: await app.proof('/token', { payload: { nonce } }) })
    const token = tokens.body.access_token as string
    const ask = async (given?: string) =>
      app.userinfo(token, {
        authorization: `DPoP ${token}`,
        DPoP: await app.proof('/userinfo', { payload: { nonce: given } }, token),
      })
    const asked = await ask()
    expect(asked.status).toBe(401)
    expect(asked.headers.get('www-authenticate')).toContain('error="use_dpop_nonce"')
    expect((await ask(asked.headers.get('dpop-nonce') ?? '')).status).toBe(200)
  })

  test('a refresh needs one as well', async () => {
    const { app } = on('required')
    const asked = await app.refresh('no-token')
    expect([asked.status, asked.body.error]).toEqual([400, 'use_dpop_nonce'])
  })
})

describe('where they are optional', () => {
  test('a proof without one is taken, and the answer gives one', async () => {
    const { app } = on('optional')
    const answer = await app.push({}, { DPoP: await app.proof('/par') })
    expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([201, expect.any(String)])
  })

  test('a proof that is too old is told to use one, and with it its time does not count', async () => {
    const { app } = on('optional')
    const old = nowSeconds() - 3600
    const asked = await app.push({}, { DPoP: await app.proof('/par', { payload: { iat: old } }) })
    expect(asked.body.error).toBe('use_dpop_nonce')
    const nonce = asked.headers.get('dpop-nonce') ?? ''
    const answer = await app.push({}, { DPoP: await app.proof('/par', { payload: { iat: old, nonce } }) })
    expect(answer.status).toBe(201)
  })

  test.each([['another-nonce'], [''], [7], [{}]])('the nonce %j is none of ours', async (nonce) => {
    const { app } = on('optional')
    const { status, body } = await app.push({}, { DPoP: await app.proof('/par', { payload: { nonce } }) })
    if (nonce === '') expect(status).toBe(201)
    else expect([status, body.error]).toEqual([400, expect.stringMatching(/^(use_dpop_nonce|invalid_dpop_proof)$/)])
  })
})

test('a nonce of one node is taken by another on the same database', async () => {
  const { server, app } = on('optional')
  const nonce = (await app.push({}, { DPoP: await app.proof('/par') })).headers.get('dpop-nonce') ?? ''
  const { DATABASE_URL, REDIS_URL } = server.config
  if (!DATABASE_URL) return // embedded: one node only
  const other = await startTestServer({
    DATABASE_URL,
    ...(REDIS_URL && { REDIS_URL }),
    ISSUER: server.url,
    DPOP_NONCES: 'required',
  })
  try {
    const port = new URL(other.url).port === new URL(server.url).port ? other.config.PORT : new URL(other.url).port
    const DPoP = await app.proof('/par', { payload: { nonce }, key: await keyPair() })
    const fields = { ...app.request(), client_assertion: await app.assertion() }
    const body = new URLSearchParams(
      Object.entries({
        ...fields,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      }).filter((field): field is [string, string] => field[1] !== undefined),
    )
    const answer = await fetch(`http://localhost:${port}/par`, { method: 'POST', body, headers: { DPoP } })
    expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining('request_uri')])
  } finally {
    await other.stop()
  }
})
