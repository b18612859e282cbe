import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPasswords } from '../../src/customers/passwords.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { PASSWORD_DOORS } from './password-doors.ts'
import { customerLines, KINDS, loginOf, PASSWORD, quantiles, seen, timeKinds } from './refusals.ts'

const TRIES = 30
/** Generous: a machine under tests is uneven, and a check that is left out saves far more than a third. */
const MOST_APART = 1.5
const ADMIN_TOKEN = 'an-admin-token-for-tests'
/** Far above what this file tries: a lock answers in words of its own. */
const NO_LOCK: TestSettings = Object.fromEntries(
  ['', 'ACCOUNT_', 'ADDRESS_', 'CLIENT_'].map((of) => [`LOCKOUT_${of}ATTEMPTS`, '1000000']),
)

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ...NO_LOCK, ADMIN_TOKEN })
  const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: customerLines(await createPasswords().hash(PASSWORD)),
  })
  expect(await answer.text()).toContain('"refused":0')
})
afterAll(() => server?.stop())

test.each(PASSWORD_DOORS)('at $name nobody learns from a refusal who is a customer', async ({ open, statuses }) => {
  const attempt = await open(server.url)
  const [unknown, ...others] = await Promise.all(
    KINDS.map(async (kind) => seen(await attempt(loginOf(kind)), loginOf(kind))),
  )
  expect(unknown?.status).toBe(statuses.wrong)
  for (const [index, other] of others.entries()) expect(other, KINDS[index + 1]).toEqual(unknown)
})

test('a refusal takes the same time whoever is asked for', { retry: 2, timeout: 120_000 }, async () => {
  const attempt = await PASSWORD_DOORS[0]?.open(server.url)
  if (!attempt) throw new Error('there is no door')
  await timeKinds(3, attempt)
  const durations = await timeKinds(TRIES, attempt)
  const medians = KINDS.map((kind) => quantiles(durations[kind]).p50)
  expect(Math.max(...medians) / Math.min(...medians), medians.join(' ')).toBeLessThan(MOST_APART)
})
