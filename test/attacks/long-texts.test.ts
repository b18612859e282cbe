import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LONG_TEXTS, leastCpuMs } from '../credentials/long-texts.ts'
import { postForm, postJson } from '../support/http.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { oauthEndpoints, pageEndpoints } from './attacked-endpoints.ts'
import { MAIL_ENDPOINTS } from './mail-endpoints.ts'
import { EVERY_DIALECT, PASSWORD_ENDPOINTS, type PasswordEndpoint } from './password-endpoints.ts'

/** Of the largest body that every endpoint takes. */
const LENGTH = 55_000
/** A request with a short text costs a password hash or a page; one that reads a long text by its square costs seconds. */
const MOST_TIMES = 10

let server: TestServer
beforeAll(async () => {
  const noLock = ['', 'ACCOUNT_', 'ADDRESS_', 'CLIENT_'].map((of) => [`LOCKOUT_${of}ATTEMPTS`, '1000000'])
  server = await startTestServer({
    ...EVERY_DIALECT,
    ...Object.fromEntries(noLock),
    REGISTRATION: 'open',
    AUTHORIZATION_CHALLENGE: 'on',
  })
})
afterAll(() => server?.stop())

type Endpoint = Pick<PasswordEndpoint, 'name' | 'open'>

const BACK_OFFICE: readonly Endpoint[] = [
  {
    name: 'Spryker agents',
    open: async (url) => (attributes) =>
      postJson(`${url}/agent-access-tokens`, { data: { type: 'agent-access-tokens', attributes } }),
  },
  {
    name: 'Magento administrators',
    open: async (url) => (login) => postJson(`${url}/rest/V1/integration/admin/token`, login),
  },
  {
    name: 'the sign-in of the admin API',
    open:
      async () =>
      ({ username: email, password }) =>
        postJson(`${server.adminUrl}/v1/sign-in`, { email, password }),
  },
]

const ENDPOINTS = [...PASSWORD_ENDPOINTS, ...MAIL_ENDPOINTS, ...BACK_OFFICE]
/** The texts that the slow patterns found so far were slow on. */
const SLOWEST = ['dots after an @', 'blanks between letters']
const ASCII_TEXTS = LONG_TEXTS.filter(({ of }) => /^[\x20-\x7e]+$/.test(of(2)))

/**
 * How many times the processor time of `short` the work `long` takes. What other work of this process fell into one
 * measurement does not fall into all: a text that really costs more does so every time.
 */
async function fewestTimes(long: () => Promise<void>, short: () => Promise<void>): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 4 && fewest >= MOST_TIMES; round++) {
    fewest = Math.min(fewest, (await leastCpuMs(long, 0)) / (await leastCpuMs(short, 0)))
  }
  return fewest
}

describe.each(ENDPOINTS)('at $name', ({ open }) => {
  test.each(['username', 'password'] as const)('a %s of 55 KB costs what a short one costs', async (field) => {
    const attempt = await open(server.url)
    const send = async (text: string) => {
      const answer = await attempt({ username: 'nobody@example.com', password: 'wrong', [field]: text })
      await answer.arrayBuffer()
      expect(answer.status).not.toBe(500)
    }
    await send('warm')
    const short = () => send('a@b.c')
    for (const { name, of } of ASCII_TEXTS) {
      const long = () => send(of(LENGTH))
      expect(await fewestTimes(long, short), name).toBeLessThan(MOST_TIMES)
    }
  })
})

/** What is posted to OAuth and to pages, as each endpoint understands it. */
const FORMS = [...oauthEndpoints, ...pageEndpoints].filter(({ method }) => method === 'POST')
const ISSUED = { access_token: 'e30.e30.e30', refresh_token: 'x' }

describe.each(FORMS.map((endpoint) => [endpoint.path, endpoint.valid(ISSUED), endpoint] as const))(
  'at %s with %s',
  (path, valid, { headers = {} }) => {
    const fields = [...new URLSearchParams(valid)]
    test.each(fields.map(([name]) => name))('a field %s of 55 KB costs what a short one costs', async (field) => {
      const send = async (text: string) => {
        const answer = await postForm(
          server.url + path,
          Object.fromEntries(fields.map(([name, value]) => [name, name === field ? text : value])),
          headers,
        )
        await answer.arrayBuffer()
        expect(answer.status).toBeLessThan(500)
      }
      for (const { name, of } of ASCII_TEXTS.filter(({ name }) => SLOWEST.includes(name))) {
        expect(
          await fewestTimes(
            () => send(of(LENGTH)),
            () => send('a@b.c'),
          ),
          name,
        ).toBeLessThan(MOST_TIMES)
      }
    })
  },
)
