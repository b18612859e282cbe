import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMandateSpending, createResourceServer, mandatesOf } from '../../packages/resource-server/src/index.ts'
import { asked, type MandateShop, RESOURCE, startMandateShop } from './shop.ts'

let shop: MandateShop
beforeAll(async () => {
  shop = await startMandateShop()
})
afterAll(() => shop?.stop())

const credentials = { clientId: 'checkout', clientSecret: 'the-secret-of-the-checkout' }

test('a service reads the mandate of a token, holds, captures and releases, and is told which limit is in the way', async () => {
  const service = createResourceServer({ issuer: shop.url, audience: RESOURCE, introspection: credentials })
  const { access_token, id } = await shop.mandated(asked({ ask_above: { amount: 4000, currency: 'EUR' } }))
  const request = new Request('http://service.example/', { headers: { authorization: `Bearer ${access_token}` } })
  const [mandate, another] = mandatesOf(await service.verify(request, { isFresh: true }))
  expect([mandate?.mandate_id, another]).toEqual([id, undefined])
  expect(mandate?.remaining).toMatchObject({ amount: 20_000 })

  const spending = createMandateSpending({ issuer: shop.url, ...credentials })
  const order = (name: string, amount: number) => ({ order: name, amount, currency: 'EUR' })
  const held = await spending.hold(id, order('1', 2500))
  if (!held.isHeld) throw new Error(held.detail)
  expect(await spending.hold(id, order('1', 2500))).toEqual(held)
  expect(await spending.capture(id, held.hold, 2000)).toMatchObject({ isHeld: true, state: 'captured', amount: 2000 })
  const second = await spending.hold(id, order('2', 100))
  if (!second.isHeld) throw new Error(second.detail)
  expect(await spending.release(id, second.hold)).toMatchObject({ state: 'released', remaining: { amount: 18_000 } })
  expect(await spending.hold(id, order('3', 5001))).toMatchObject({ problem: 'mandate-exceeded', limit: 'per_order' })
  expect(await spending.hold(id, order('4', 4001))).toMatchObject({ problem: 'approval-required' })
  await expect(
    createMandateSpending({ issuer: shop.url, ...credentials, clientSecret: 'wrong' }).hold(id, order('5', 1)),
  ).rejects.toThrow('401')
  service.close()
})

test('a token without a mandate has none', () => {
  const claims = { sub: 's', client_id: 'c', exp: 1, iat: 1 }
  expect(mandatesOf({ claims })).toEqual([])
  expect(
    mandatesOf({ claims: { ...claims, authorization_details: [{ type: 'other', mandate_id: 'x' }, null] } }),
  ).toEqual([])
})
