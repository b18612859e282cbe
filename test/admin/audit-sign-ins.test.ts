import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEntry } from '../../src/audit/chain.ts'
import { RON_ID, ron } from '../endpoints/client.ts'
import { postForm } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { administratorOf, ask, OWNER } from './administrators.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER, LOCKOUT_ATTEMPTS: '2' })
})
afterAll(() => server.stop())

async function trail(query: string): Promise<AuditEntry[]> {
  return (await ask(server, OWNER, 'GET', `/v1/audit?${query}`)).body.items as AuditEntry[]
}

async function attempt(username: string, password = 'not the password') {
  const form = { grant_type: 'password', client_id: 'frontend', username, password }
  const answer = await postForm(`${server.url}/token`, form)
  return { status: answer.status, text: await answer.text() }
}

describe('a refused sign-in', () => {
  test('of a customer is found by the customer’s id, wrong or locked, and no answer tells it', async () => {
    const answers = [await attempt(ron.username), await attempt(ron.username), await attempt(ron.username)]
    const unknown = [await attempt('x@example.com'), await attempt('x@example.com'), await attempt('x@example.com')]
    expect(answers).toEqual(unknown)
    expect(answers.map(({ text }) => text).join()).not.toContain(RON_ID)

    const kinds = (await trail(`customerId=${RON_ID}`)).map(({ type, reason }) => [type, reason])
    expect(kinds).toEqual([
      ['login.locked', undefined],
      ['login.refused', 'wrong-password'],
      ['login.refused', 'wrong-password'],
    ])
    const strangers = (await trail('type=login.refused')).filter(({ reason }) => reason === 'unknown')
    expect(strangers.map(({ customerId }) => customerId)).toEqual([undefined, undefined])
  })

  test('of an administrator names the administrator, and no answer tells it', async () => {
    const { id, email } = await administratorOf(server, 'viewer')
    const { body } = await ask(server, undefined, 'POST', '/v1/sign-in', { email, password: 'not the password' })
    expect(JSON.stringify(body)).not.toContain(id)
    expect(await trail('type=administrator.refused')).toMatchObject([
      { actor: `administrator:${id}`, reason: 'wrong-password' },
    ])
  })
})
