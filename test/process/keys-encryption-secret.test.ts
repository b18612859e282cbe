import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { introspect, ordersService, tokensOf } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { describeOn } from '../support/describe-on.ts'
import { type ServerProcess, startServerProcess, type TestSettings } from '../support/server.ts'
import { createDatabase } from '../support/shared.ts'

const [OLD, NEW] = ['the secret of last year in a safe', 'the secret of this year made today']

describeOn('postgres', 'KEY_ENCRYPTION_KEY of a real server', () => {
  let shared: TestSettings
  let token: string
  let kids: string[]

  const start = (KEY_ENCRYPTION_KEY: string | undefined, options = {}) =>
    startServerProcess({ ...shared, ...(KEY_ENCRYPTION_KEY && { KEY_ENCRYPTION_KEY }) }, options)

  beforeAll(async () => {
    const DATABASE_URL = await createDatabase({ demo: true })
    shared = { DATABASE_URL, KEYS_URL: 'sql:', ADMIN_TOKEN, ISSUER: 'http://localhost:4000', LOG_LEVEL: 'warn' }
    const node = await start(OLD)
    // The demo data came with keys that were not encrypted.
    expect((await askAdmin(node, 'POST', '/v1/keys/reencrypt')).status).toBe(200)
    token = (await tokensOf(node.url, { grant_type: 'client_credentials' }, ordersService)).access_token
    kids = await kidsOf(node)
    await node.end('SIGTERM')
  })

  test.each([
    [
      'lost',
      undefined,
      /^Signing key [\w-]{43} is encrypted and KEY_ENCRYPTION_KEY is unset\. Set KEY_ENCRYPTION_KEY to the secret with id [0-9a-f]{8}\.$/m,
    ],
    [
      'wrong',
      NEW,
      /^KEY_ENCRYPTION_KEY does not decrypt signing key [\w-]{43}: it was encrypted with the secret of id [0-9a-f]{8}, and those given have the ids [0-9a-f]{8}\. Add the earlier secret to KEY_ENCRYPTION_KEY after a comma\.$/m,
    ],
  ])('a %s secret is said exactly, nothing is served and no key is made', async (_case, secret, sentence) => {
    const node = await start(secret, { waitUntilReady: false })
    expect(await node.exited).toEqual({ code: 1, signal: null })
    expect(node.stderr()).toMatch(sentence)
    expect(node.stderr().trim().split('\n')).toHaveLength(1)
    await expect(fetch(`${node.url}/jwks`)).rejects.toThrow()

    const again = await start(OLD)
    onTestFinished(async () => void (await again.end('SIGTERM')))
    expect(await kidsOf(again)).toEqual(kids)
  })

  test('it is replaced without a new key and without a token lost: accepted, used, reencrypted, dropped', async () => {
    const steps = [`${OLD},${NEW}`, `${NEW},${OLD}`, NEW]
    for (const secret of steps) {
      const node = await start(secret)
      expect(await kidsOf(node)).toEqual(kids)
      expect((await introspect(node.url, token)).active).toBe(true)
      const { access_token } = await tokensOf(node.url, { grant_type: 'client_credentials' }, ordersService)
      expect((await introspect(node.url, access_token)).active).toBe(true)
      if (secret.startsWith(NEW)) {
        expect(await askAdmin(node, 'POST', '/v1/keys/reencrypt')).toEqual({
          status: 200,
          body: { reencrypted: kids.length },
        })
      }
      await node.end('SIGTERM')
    }
    const withOldOnly = await start(OLD, { waitUntilReady: false })
    expect((await withOldOnly.exited).code).toBe(1)
  })
})

async function kidsOf({ url }: ServerProcess): Promise<string[]> {
  const { keys } = (await (await fetch(`${url}/jwks`)).json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid).sort()
}
