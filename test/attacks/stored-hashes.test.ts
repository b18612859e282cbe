import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { requestTokens } from '../endpoints/client.ts'
import { ADMIN_TOKEN, askAdmin } from '../keys/server-nodes.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const PASSWORD = 'correct horse battery'
const SALT = 'a-salt'
const of = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex')

/** Rows as a thief of a shop's database has them. */
const STOLEN: readonly { scheme: string; make: () => string | Promise<string>; salt?: string }[] = [
  { scheme: 'md5', make: () => of('md5', PASSWORD) },
  { scheme: 'md5', make: () => of('md5', SALT + PASSWORD), salt: SALT },
  { scheme: 'sha1', make: () => of('sha1', SALT + PASSWORD), salt: SALT },
  { scheme: 'sha256', make: () => of('sha256', SALT + PASSWORD), salt: SALT },
  { scheme: 'shopware-md5', make: () => `${of('md5', PASSWORD + SALT)}:${SALT}` },
  { scheme: 'magento', make: () => `${of('sha256', SALT + PASSWORD)}:${SALT}:1` },
  { scheme: 'wordpress', make: () => of('md5', PASSWORD) },
  { scheme: 'argon2id', make: async () => (await createPasswords().hash(PASSWORD)).hash },
]

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ADMIN_TOKEN, LOCKOUT_ATTEMPTS: '1000', LOCKOUT_ACCOUNT_ATTEMPTS: '1000' })
})
afterAll(() => server?.stop())

async function importRow(scheme: string, hash: string, salt?: string): Promise<string> {
  const email = `${randomUUID()}@example.com`
  const line = {
    email,
    customerReference: email,
    emailVerified: true,
    password: { scheme, hash, ...(salt && { salt }) },
  }
  const answer = await fetch(`${server.adminUrl}/v1/customers/import`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    body: JSON.stringify(line),
  })
  expect(await answer.text()).toContain('"refused":0')
  return email
}

/** What a thief can type: the row, the digest in it, the bytes of that digest, and nothing. */
function typed(hash: string): string[] {
  const [digest = ''] = hash.split(':')
  return [...new Set([hash, digest.toUpperCase(), Buffer.from(digest, 'hex').toString('latin1'), ''])]
}

test.each(STOLEN)('a stolen row of $scheme opens nothing, neither bare nor wrapped', async ({ scheme, make, salt }) => {
  const hash = await make()
  const username = await importRow(scheme, hash, salt)
  const statuses = async () => {
    const found: number[] = []
    for (const password of typed(hash)) {
      found.push((await requestTokens(server.url, { username, password })).status)
    }
    return found
  }
  expect(await statuses()).toEqual(typed(hash).map(() => 400))
  await askAdmin(server, 'POST', '/v1/customers/wrap', {})
  expect(await statuses()).toEqual(typed(hash).map(() => 400))
  expect((await requestTokens(server.url, { username, password: PASSWORD })).status).toBe(200)
})
