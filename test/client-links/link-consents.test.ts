import type { Context } from 'koa'
import type { Grant } from 'oidc-provider'
import { expect, test } from 'vitest'
import type { LinkConsent } from '../../src/client-links/link-rows.ts'
import { createLinkConsents } from '../../src/oauth/links/link-consents.ts'

test('a consent elsewhere than on a page is as old as its grant, not newer than what was taken back meanwhile', async () => {
  const kept: LinkConsent[] = []
  const consents = createLinkConsents({
    links: {
      async keepConsent(consent) {
        kept.push(consent)
        return { kept: { ...consent, atMs: consent.atMs ?? Date.now() }, before: [] }
      },
    },
    activeAmong: async () => new Set(),
    findClient: async (client_id) => ({ client_id }),
    audit: () => {},
    tell: async () => {},
    nameApp: ({ client_id }) => client_id,
  })
  const grant = {
    jti: 'grant-1',
    accountId: 'customer-1',
    clientId: 'app-1',
    createdAtMs: 1_000,
    openid: { scope: 'openid email' },
    resources: { 'https://shop.example': 'email orders:read' },
  } as unknown as Grant
  await consents.noteGrant(grant, 'linking', { state: {} } as Context)
  expect(kept).toEqual([
    {
      grantId: 'grant-1',
      customerId: 'customer-1',
      clientId: 'app-1',
      scopes: ['openid', 'email', 'orders:read'],
      atMs: 1_000,
    },
  ])
})
