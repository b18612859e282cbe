import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { startTestServer, type TestServer, type TestSettings } from '../support/server.ts'
import { MAIL_ENDPOINTS } from './mail-endpoints.ts'
import { EVERY_DIALECT, PASSWORD_ENDPOINTS } from './password-endpoints.ts'
import { customerLines, KINDS, loginOf, PASSWORD, quantiles, seen, tellingApart, timeKinds } from './refusals.ts'

const TRIES = 30
/** Four times what chance does to so few tries. A check that is left out tells kinds apart nearly always: 0.5. */
const MOST_APART = 0.3
const ADMIN_TOKEN = 'an-admin-token-for-tests'
/** Far above what this file tries: a lock answers in words of its own. */
const NO_LOCK: TestSettings = Object.fromEntries(
  ['', 'ACCOUNT_', 'ADDRESS_', 'CLIENT_'].map((of) => [`LOCKOUT_${of}ATTEMPTS`, '1000000']),
)

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ...NO_LOCK, ...EVERY_DIALECT, ADMIN_TOKEN, REGISTRATION: 'open' })
  const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: customerLines(await createPasswords().hash(PASSWORD)),
  })
  expect(await answer.text()).toContain('"refused":0')
})
afterAll(() => server?.stop())

const ENDPOINTS = [
  ...PASSWORD_ENDPOINTS.map(({ statuses, ...endpoint }) => ({ ...endpoint, status: statuses.wrong })),
  ...MAIL_ENDPOINTS,
]

test.each(ENDPOINTS)('at $name nobody learns from an answer who is a customer', async ({ open, status }) => {
  const attempt = await open(server.url)
  // More often than mails are sent to one address: what is dropped must not show either.
  for (let round = 0; round < 5; round++) {
    const [unknown, ...others] = await Promise.all(
      KINDS.map(async (kind) => seen(await attempt(loginOf(kind)), loginOf(kind))),
    )
    expect(unknown?.status).toBe(status)
    for (const [index, other] of others.entries()) expect(other, KINDS[index + 1]).toEqual(unknown)
  }
})

/** The other dialects go the way of OAuth. */
const TIMED = ENDPOINTS.filter(
  ({ name, status }) => name === 'OAuth' || status === 422 || MAIL_ENDPOINTS.some((endpoint) => endpoint.name === name),
)

test.each(TIMED)('at $name nobody learns it from the time of an answer', async ({ open }) => {
  const attempt = await open(server.url)
  await timeKinds(3, attempt)
  const { unknown, ...others } = await timeKinds(TRIES, attempt)
  for (const [kind, durationsMs] of Object.entries(others)) {
    const apart = Math.abs(tellingApart(unknown, durationsMs) - 0.5)
    expect(apart, `${kind}: ${quantiles(unknown).p50} and ${quantiles(durationsMs).p50} ms`).toBeLessThan(MOST_APART)
  }
})
