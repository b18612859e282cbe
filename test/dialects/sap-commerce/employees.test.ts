import { generate } from 'otplib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, OWNER } from '../../admin/administrators.ts'
import { introspect } from '../../endpoints/client.ts'
import type { TestServer } from '../../support/server.ts'
import { requestToken, STOREFRONT, startSapShop } from './shop.ts'

const PASSWORD = 'correct horse battery'
const STEP_SECONDS = 30

let server: TestServer
beforeAll(async () => {
  server = await startSapShop()
})
afterAll(() => server?.stop())

const admin = async (path: string, body: object = {}) =>
  (await ask(server, OWNER, 'POST', `/v1/agents${path}`, body)).body
const signIn = (fields: Record<string, string>) =>
  requestToken(server.url, {
    grant_type: 'password',
    ...STOREFRONT,
    username: 'asagent',
    password: PASSWORD,
    ...fields,
  })
/** A step ahead is accepted, and is not the one that confirmed. */
const codeOf = (secret: string, stepsAhead: number) =>
  generate({ secret, epoch: Math.floor(Date.now() / 1000) + stepsAhead * STEP_SECONDS })

test('an employee with a second factor signs in with its code alone, and is told no more than of a wrong password', async () => {
  const { id } = await admin('', { email: 'asagent@example.com', password: PASSWORD })
  expect((await signIn({})).status).toBe(200)
  const secret = String((await admin(`/${id}/second-factor`)).secret)
  await admin(`/${id}/second-factor/confirm`, { code: await codeOf(secret, 0) })
  for (const fields of [{}, { one_time_password: '000000' }, { password: 'wrong' }]) {
    const { status, body } = await signIn(fields as Record<string, string>) // one of them has no fields
    expect([status, body.error_description]).toEqual([400, 'Bad credentials'])
  }
  const { status, body } = await signIn({ one_time_password: await codeOf(secret, 1) })
  expect(status).toBe(200)
  expect(await introspect(server.url, body.access_token)).toMatchObject({ active: true, scope: 'basic agent' })
})
