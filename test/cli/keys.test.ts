import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KeyListing } from '../../src/keys/ring/key-listing.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { runCommand } from './run-command.ts'

type Changes = { changes: { action: string; kid: string }[] }

let server: TestServer
beforeAll(async () => {
  const KEY_ENCRYPTION_KEY = 'a secret for the tests of the command line'
  // A rotation that comes too early does so however long the tests take.
  server = await startTestServer({ KEY_ENCRYPTION_KEY, JWKS_CACHE_SECONDS: '3600' })
})
afterAll(() => server.stop())

const vestibule = (...args: string[]) => runCommand(['keys', ...args], { DATA_DIR: server.config.DATA_DIR })
async function answer<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await vestibule(...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout) as T
}
const listed = async () => (await answer<{ keys: KeyListing[] }>('list')).keys
const fetchKeySet = async (agent: string) =>
  (await (await fetch(`${server.url}/jwks`, { headers: { 'user-agent': agent } })).json()) as { keys: object[] }
const isSigner = (algorithm: string) => (key: KeyListing) => key.algorithm === algorithm && key.state === 'active'

test('the list shows what is known of each key, and the names of verifiers that lack it on --json', async () => {
  await fetchKeySet('orders-service/1')
  const { changes } = await answer<Changes>('generate', '--algorithm', 'ES256')
  await fetchKeySet('carts-service/1')
  const generated = (await listed()).find(({ kid }) => kid === changes[0]?.kid)
  expect(generated).toMatchObject({
    algorithm: 'ES256',
    state: 'pending',
    ageSeconds: expect.any(Number),
    firstPublishedAt: expect.any(Number),
    verifiersBehind: [{ verifier: 'orders-service/1', lastFetchedAt: expect.any(Number) }],
  })

  const { stdout } = await vestibule('list')
  const [header] = stdout.split('\n')
  expect(header).toMatch(/KID +ALG +STATE +AGE +PUBLISHED +LAST SIGNED +LAST SEEN +NOT FETCHED BY/)
  expect(stdout).toMatch(new RegExp(`${generated?.kid} +ES256 +pending .* ago +never +never +1\n`))
  expect(stdout).toContain('1 verifiers have not fetched the next signing key')
  expect(stdout).not.toContain('orders-service/1')
})

test('a rotation before verifiers can know the key is refused with its age, the wait and the way round', async () => {
  const { code, stderr } = await vestibule('rotate', '--algorithm', 'RS256')
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^kid [\w-]{43} was published \d+ s ago; verifiers cache JWKS for 3600 s; wait \d+ s, or use --force\n$/,
  )
})

test('--force rotates the algorithm it names and no other', async () => {
  const before = await listed()
  const { code, stdout } = await vestibule('rotate', '--algorithm', 'ES256', '--force')
  const after = await listed()
  expect(code).toBe(0)
  expect(stdout).toBe(`activate ${after.find(isSigner('ES256'))?.kid}\nretire ${before.find(isSigner('ES256'))?.kid}\n`)
  expect(after.find(isSigner('RS256'))?.kid).toBe(before.find(isSigner('RS256'))?.kid)
})

test('what cannot be done is refused by name', async () => {
  const signer = (await listed()).find(isSigner('ES256'))
  for (const [args, reason] of [
    [['activate', signer?.kid ?? ''], 'is signing already'],
    [['activate', 'nobody'], 'there is no key with kid nobody; "vestibule keys list" shows all keys'],
    [['revoke', 'nobody'], 'there is no key with kid nobody'],
    [['generate', '--algorithm', 'PS256'], 'PS256 has no signing key; this server signs with ES256, RS256'],
    [['generate', '--algorithm', 'HS256'], 'algorithm: '],
  ] as const) {
    const { code, stderr } = await vestibule(...args)
    expect(stderr).toContain(reason)
    expect(code).toBe(1)
  }
})

test('a command that makes no sense is answered with how it is used', async () => {
  for (const args of [['fly'], ['generate'], ['revoke'], ['rotate', '--loudly']]) {
    const { code, stdout, stderr } = await vestibule(...args)
    expect(stderr).toContain(args.includes('--loudly') ? '--loudly' : 'Usage: vestibule keys ACTION')
    expect([code, stdout]).toEqual([2, ''])
  }
})

test('the exported keys are what is published, and nothing private is among them', async () => {
  const { keys: exported } = await answer<{ keys: object[] }>('export-public')
  const { keys: published } = await fetchKeySet('test')
  expect(exported).toHaveLength(published.length)
  expect(exported).toEqual(expect.arrayContaining(published))
  for (const key of exported) expect(key).not.toHaveProperty('d')
})

test('reencrypt says how many keys there are', async () => {
  const { length } = await listed()
  expect(await answer('reencrypt')).toEqual({ reencrypted: length })
})
