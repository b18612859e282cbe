import { errors } from 'oidc-provider'
import { expect, test } from 'vitest'
import { createAdapter } from '../../src/oauth/engine/adapter.ts'
import { createRefreshTokens } from '../../src/oauth/refresh/refresh-tokens.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'

const AT_ONCE = 8

function grants() {
  const storage = createMemoryStorage()
  const adapter = createAdapter({
    storage,
    errors,
    refreshTokens: createRefreshTokens({ storage, macKeys: ['a key for this test'] }),
    findClient: async () => undefined,
    sealKeys: ['another key for this test'],
    grantTtlSeconds: async () => 60,
    companyUserInContext: () => undefined,
    endGrant: async (grantId) => storage.remove('Grant', grantId),
  })('Grant')
  return { storage, adapter }
}

const GRANT = { accountId: 'customer', clientId: 'platform', openid: { scope: 'orders' } }

test('a grant that is taken back while it is widened stays taken back, and the writer is told', async () => {
  const { storage, adapter } = grants()
  await adapter.upsert('grant', GRANT, 60)
  const read = await adapter.find('grant')
  await adapter.destroy('grant')
  const wider = { ...read, openid: { scope: 'orders checkout' } }
  await expect(adapter.upsert('grant', wider, 60)).rejects.toMatchObject({ error: 'access_denied' })
  expect(await storage.get('Grant', 'grant')).toBeUndefined()
})

test('many who widen one grant at once all succeed, and what is stored says no version', async () => {
  const { storage, adapter } = grants()
  await adapter.upsert('grant', GRANT, 60)
  const found = await Promise.all(Array.from({ length: AT_ONCE }, () => adapter.find('grant')))
  await Promise.all(found.map((read, index) => adapter.upsert('grant', { ...read, openid: { scope: `${index}` } }, 60)))
  const { artifact } = (await storage.get('Grant', 'grant')) ?? {}
  expect(artifact).toMatchObject({ accountId: 'customer', clientId: 'platform' })
  expect(artifact).not.toHaveProperty('storedVersion')
})

test('scopes that are taken back while a grant is widened stay taken back', async () => {
  const { storage, adapter } = grants()
  await adapter.upsert('grant', { ...GRANT, createdAtMs: 1 }, 60)
  const read = await adapter.find('grant')
  const stored = await storage.get('Grant', 'grant')
  const artifact = { ...stored?.artifact, narrowed: ['orders'] }
  await storage.swap('Grant', 'grant', stored?.version ?? 0, { artifact, ttlSeconds: 60 })
  await adapter.upsert('grant', { ...read, openid: { scope: 'orders checkout' } }, 60)
  expect((await storage.get('Grant', 'grant'))?.artifact).toMatchObject({
    openid: { scope: 'orders checkout' },
    narrowed: ['orders'],
  })
})

test('a grant that is new is written, also where nothing was read', async () => {
  const { adapter } = grants()
  await adapter.upsert('grant', GRANT, 60)
  expect(await adapter.find('grant')).toMatchObject(GRANT)
})
