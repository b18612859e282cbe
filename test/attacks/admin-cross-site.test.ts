import { afterAll, beforeAll, expect, test } from 'vitest'
import { administratorOf, ask, OWNER, PASSWORD } from '../admin/administrators.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN: OWNER })
})
afterAll(() => server.stop())

type Headers = Readonly<Record<string, string>>

const OTHER = 'https://evil.example'
const countOf = async (type: string) =>
  (await ask(server, OWNER, 'GET', `/v1/audit?type=${type}`)).body.items as readonly object[]

test.each<Headers>([
  { 'Sec-Fetch-Site': 'cross-site', Origin: OTHER },
  { 'Sec-Fetch-Site': 'same-site', Origin: 'http://localhost:1' },
  { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document', Origin: 'null' },
  { Origin: OTHER },
  { Origin: 'null' },
])('a page of another site locks no administrator out and writes nothing into the audit trail: %j', async (headers) => {
  const { email } = await administratorOf(server, 'viewer')
  const before = [await countOf('administrator.refused'), await countOf('admin.refused')]
  for (let attempt = 0; attempt < 10; attempt++) {
    const guess = { email, password: `guess ${attempt}` }
    const answer = await ask(server, undefined, 'POST', '/v1/sign-in', guess, headers)
    expect([answer.status, answer.body.code]).toEqual([403, 'another-site'])
    expect((await ask(server, undefined, 'POST', '/v1/words-for-the-trail', {}, headers)).status).toBe(403)
  }
  expect([await countOf('administrator.refused'), await countOf('admin.refused')]).toEqual(before)
  expect((await ask(server, undefined, 'POST', '/v1/sign-in', { email, password: PASSWORD })).status).toBe(200)
})

test.each<Headers>([
  {},
  { 'Sec-Fetch-Site': 'none' },
  { 'Sec-Fetch-Site': 'same-origin' },
  { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document' },
])('programs, our own pages and people who follow a link are answered: %j', async (headers) => {
  expect((await ask(server, OWNER, 'GET', '/v1/health', undefined, headers)).status).toBe(200)
})
