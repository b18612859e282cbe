import { afterAll, beforeAll, expect, test } from 'vitest'
import { ron, sonia, tokensOf } from '../endpoints/client.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { MAIL_ENDPOINTS } from './mail-endpoints.ts'
import { PASSWORD_ENDPOINTS } from './password-endpoints.ts'

/** One account from one address, by default. */
const LIMIT = 9

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({
    TRUSTED_PROXIES: '127.0.0.1,::1',
    REGISTRATION: 'open',
    // One account is guessed at from a place for each endpoint.
    LOCKOUT_ACCOUNT_ATTEMPTS: '1000',
  })
})
afterAll(() => server?.stop())

const spryker = PASSWORD_ENDPOINTS.find(({ name }) => name === 'Spryker') as (typeof PASSWORD_ENDPOINTS)[number]

test.each(MAIL_ENDPOINTS.map((endpoint, index) => ({ ...endpoint, index })))(
  'asking for a mail at $name between guesses resets no counter, and lifts no lock',
  async ({ open, index }) => {
    const place = { 'x-forwarded-for': `198.51.100.${index + 1}` }
    const guess = await spryker.open(server.url)
    const askForMail = await open(server.url)
    const status = async (password: string) => (await guess({ ...ron, password }, place)).status
    for (let count = 0; count < LIMIT; count++) {
      expect([count, await status(`wrong ${count}`)]).toEqual([count, spryker.statuses.wrong])
      await askForMail(ron, place)
    }
    expect(await status(ron.password)).toBe(spryker.statuses.locked)
    await askForMail(ron, place)
    await tokensOf(server.url, sonia, place)
    expect(await status(ron.password)).toBe(spryker.statuses.locked)
  },
)
