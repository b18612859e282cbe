import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostedShop, startHostedShop } from '../interaction/hosted-shop.ts'
import { customerWithPasskey, signInWith } from '../interaction/passkey-visitor.ts'
import { walkPage } from './page-walk.ts'

let shop: HostedShop
beforeAll(async () => {
  shop = await startHostedShop()
})
afterAll(() => shop?.stop())

test('the page about passkeys removes one as it says', async () => {
  const owner = await customerWithPasskey(shop)
  const { adminUrl, config } = shop.server
  const access = { ADMIN_URL: adminUrl, ADMIN_TOKEN: config.ADMIN_TOKEN?.[0] ?? '' }
  const environment = { ...access, CUSTOMER: owner.customer.email, PASSKEY: '' }
  const listing = walkPage('docs/how-to/passkeys.md', {}, environment)
  const [PASSKEY = ''] = (await listing.next('customers passkeys')).match(/[0-9a-f]{8}-[0-9a-f-]{27}/) ?? []
  const removed = await listing.next('remove-passkey', { '"$PASSKEY"': PASSKEY })
  listing.end()
  expect(removed).toContain('signed out everywhere')
  expect((await signInWith(owner, shop.visitor())).status).toBe(422)
})
