import { randomBytes, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { readConfig } from '../src/config.ts'
import { createLog } from '../src/log.ts'
import { start } from '../src/server.ts'
import { openRedisStorage } from '../src/storage/redis.ts'
import { decode } from '../src/storage/redis-value.ts'
import type { Artifact } from '../src/storage/storage.ts'
import { freePort } from '../test/support/free-port.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'

/**
 * What a live session of the password grant (a grant, a refresh token, a JWT access token) costs in Redis, all
 * overhead included: one session is made over HTTP, then written again 100,000 times under new ids through the
 * storage the server uses. Beside it the same sessions as the library's example adapter for Redis lays them out.
 */
const SESSIONS = Number(process.argv[2] ?? 100_000)
const AT_ONCE = 200
const MONTH_SECONDS = 2_628_000

type Session = { readonly grant: Artifact; readonly refreshToken: Artifact; readonly others: number }

const directory = openRunDirectory()
const redis = await startRedis({ args: ['--appendonly', 'no'] })
const client = new Redis(redis.url)
const storage = await openRedisStorage(redis.url)
try {
  const session = await signIn()
  const ours = await measure((index) => putOurs(session, index))
  const theirs = await measure((index) => putExample(session, index))
  console.table({
    'Vestibule, grant and refresh token': { 'bytes a session': ours },
    'example adapter of oidc-provider': { 'bytes a session': theirs },
    'known place of the sign-in, kept once a customer': { 'bytes a session': session.others },
  })
  process.exitCode = ours <= 1024 ? 0 : 1
} finally {
  await storage.close()
  client.disconnect()
  await redis.stop()
  closeRunDirectory(directory)
}

/** One sign-in with a company user, the largest there is, by the real server. */
async function signIn(): Promise<Session> {
  const port = await freePort()
  const config = readConfig({
    ISSUER: `http://localhost:${port}`,
    REDIS_URL: redis.url,
    DATA_DIR: join(directory, 'data'),
    KEYS_URL: `file:${join(directory, 'keys')}`,
    PORT: String(port),
    ADMIN_PORT: '0',
    HOST: '127.0.0.1',
  })
  const server = await start(config, { log: createLog('silent') })
  const form = { grant_type: 'password', client_id: 'frontend', username: 'sonia@spryker.com', password: 'change123' }
  const answer = await fetch(`${server.publicUrl}/token`, { method: 'POST', body: new URLSearchParams(form) })
  if (answer.status !== 200) throw new Error(await answer.text())
  const keys = await client.keys('*')
  const read = async (kind: string) => {
    const key = keys.find((name) => name.startsWith(`${kind}:{`)) as string
    return decode(await client.get(key))?.artifact as Artifact
  }
  const session = { grant: await read('Grant'), refreshToken: await read('RefreshToken') }
  const others = keys.filter((key) => key.startsWith('KnownPlace'))
  const sizes = await Promise.all(others.map((key) => client.memory('USAGE', key)))
  await server.stop()
  return { ...session, others: sizes.reduce<number>((sum, size) => sum + Number(size), 0) }
}

async function measure(put: (index: number) => Promise<void>): Promise<number> {
  await client.flushall()
  const before = await usedMemory()
  for (let done = 0; done < SESSIONS; done += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, SESSIONS - done) }, (_, index) => put(done + index)))
  }
  return Math.round(((await usedMemory()) - before) / SESSIONS)
}

async function usedMemory(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1])
}

async function putOurs({ grant, refreshToken }: Session, index: number): Promise<void> {
  const [accountId, grantId, family] = [randomUUID(), id(), id()]
  const createdAtMs = Number(grant.createdAtMs) + index
  const digest = randomBytes(32).toString('base64url')
  await Promise.all([
    storage.put('Grant', grantId, { ...grant, accountId, createdAtMs }, MONTH_SECONDS),
    storage.put('RefreshToken', family, { ...refreshToken, accountId, grantId, digest }, MONTH_SECONDS),
  ])
}

/** As `example/adapters/redis.js` of the library does: a hash, a string, and a list of the grant's members. */
async function putExample({ grant, refreshToken }: Session, _index: number): Promise<void> {
  const [accountId, grantId, token] = [randomUUID(), id(), id()]
  const { digest: _digest, companyUserId: _companyUserId, ...kept } = refreshToken
  const payload = { ...kept, accountId, grantId, kind: 'RefreshToken', jti: token }
  await client
    .multi()
    .set(`oidc:Grant:${grantId}`, JSON.stringify({ ...grant, accountId, kind: 'Grant', jti: grantId }))
    .expire(`oidc:Grant:${grantId}`, MONTH_SECONDS)
    .hset(`oidc:RefreshToken:${token}`, { payload: JSON.stringify(payload) })
    .expire(`oidc:RefreshToken:${token}`, MONTH_SECONDS)
    .rpush(`oidc:grant:${grantId}`, `oidc:RefreshToken:${token}`)
    .expire(`oidc:grant:${grantId}`, MONTH_SECONDS)
    .exec()
}

/** 43 characters, as the library makes them. */
function id(): string {
  return randomBytes(32).toString('base64url')
}
