import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { type HostedShop, startHostedShop } from '../hosted-shop.ts'
import { openSignedIn, pathOf } from './account-visitor.ts'

let shop: HostedShop
let issuer: string
beforeAll(async () => {
  const port = String(await freePort())
  issuer = `http://localhost:${port}/sign-in`
  shop = await startHostedShop({ PORT: port, ISSUER: issuer })
})
afterAll(() => shop?.stop())

test('below the path of an issuer the account pages lead to each other and to nothing outside', async () => {
  const customer = await shop.addCustomer()
  const visitor = shop.visitor()
  const page = await openSignedIn(visitor, customer, '/sign-in/account/profile/edit')
  expect([page.status, pathOf(page)]).toEqual([200, '/sign-in/account/profile/edit'])
  const done = await visitor.submit(page, '/edit', { givenName: 'Zoë' })
  expect([done.status, pathOf(done)]).toEqual([200, '/sign-in/account/profile?done=profile'])
  const links = [...done.html.matchAll(/(?:href|action)="(\/[^"]*)"/g)].map(([, address]) => address)
  expect(links.length).toBeGreaterThan(5)
  expect(links.filter((address) => !address?.startsWith('/sign-in/'))).toEqual([])
})
