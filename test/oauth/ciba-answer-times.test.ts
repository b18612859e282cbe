import type { BackchannelAuthenticationRequest, Client, KoaContextWithOIDC } from 'oidc-provider'
import { expect, test } from 'vitest'
import { cibaFeature } from '../../src/oauth/ciba/feature.ts'

test('an answer to a request for approval waits for the next step of a quarter of a second, once the work is done', async () => {
  const done: string[] = []
  const feature = cibaFeature({
    storage: { increment: async () => 1 },
    findByLogin: async () => undefined,
    findById: async () => undefined,
    ask: async () => void done.push('asked'),
    wait: async (ms) => {
      expect(ms).toBeGreaterThan(0)
      expect(ms).toBeLessThanOrEqual(250)
      done.push('waited')
    },
  })
  const client = { clientId: 'desk' } as Client
  const ctx = { oidc: { client, params: {} }, body: {}, set() {} } as unknown as KoaContextWithOIDC
  const request = {} as BackchannelAuthenticationRequest
  await feature.validateRequestContext?.(ctx, undefined)
  await feature.triggerAuthenticationDevice?.(ctx, request, { accountId: 'x', claims: () => ({ sub: 'x' }) }, client)
  expect(done).toEqual(['asked', 'waited'])
  expect(ctx.body).toEqual({ interval: 5 })
})
