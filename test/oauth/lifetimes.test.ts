import { expect, test } from 'vitest'
import { CUT_OFF_SECONDS } from '../../src/oauth/sign-out-cut-offs.ts'
import { accessTokenTtlSeconds, familyTtlSeconds, refreshTokenTtlSeconds } from '../../src/oauth/tokens/lifetimes.ts'

const DAY = 86_400
const app = { client_id: 'app', token_endpoint_auth_method: 'none' } as const
const service = { client_id: 'service' }

test('however often it is used, a sign-in at a public client ends in half the time of one at a confidential client', () => {
  expect(familyTtlSeconds(service)).toBe(365 * DAY)
  expect(familyTtlSeconds(app)).toBe((365 * DAY) / 2)
  expect(refreshTokenTtlSeconds(app, familyTtlSeconds(app) - 60)).toBe(60)
  expect(refreshTokenTtlSeconds(service, familyTtlSeconds(app) - 60)).toBe(2_628_000)
})

test('what a client says itself goes before the lifetimes of its type', () => {
  const own = { ...app, refresh_token_ttl_seconds: 900, refresh_token_absolute_ttl_seconds: 1000 }
  expect(familyTtlSeconds(own)).toBe(1000)
  expect(refreshTokenTtlSeconds(own, 0)).toBe(900)
  expect(refreshTokenTtlSeconds(own, 700)).toBe(300)
})

test.each([
  { ...app, access_token_ttl_seconds: 4000 * DAY, refresh_token_ttl_seconds: 4000 * DAY },
  { ...service, refresh_token_ttl_seconds: 4000 * DAY, refresh_token_absolute_ttl_seconds: 5000 * DAY },
  { ...service, access_token_ttl_seconds: 365 * DAY },
  app,
  service,
])('a sign-out is remembered for longer than any token that a client can get: %j', (client) => {
  for (const serverTtlSeconds of [undefined, 300, 365 * DAY, 4000 * DAY])
    expect(accessTokenTtlSeconds(client, serverTtlSeconds)).toBeLessThan(CUT_OFF_SECONDS)
  expect(refreshTokenTtlSeconds(client, 0)).toBeLessThan(CUT_OFF_SECONDS)
})
