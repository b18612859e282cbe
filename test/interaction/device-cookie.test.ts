import type { Context } from 'koa'
import { expect, test } from 'vitest'
import { createDeviceCookie } from '../../src/interaction/device-cookie.ts'

const keys = ['a key of at least sixteen characters'] as const

/** A request with this cookie, and what was set in answer. */
function browser(cookie?: string) {
  const set: { value: string; options: Record<string, unknown>; name: string }[] = []
  const cookies = {
    get: () => cookie,
    set: (name: string, value: string, options: Record<string, unknown>) => void set.push({ name, value, options }),
  }
  // The cookies are all that is looked at.
  return { ctx: { cookies } as unknown as Context, set }
}

const device = createDeviceCookie({ keys, issuer: 'https://id.example' })

test('a browser is nobody until it is marked, and then the same for as long as browsers keep cookies', () => {
  const fresh = browser()
  expect(device.idFor(fresh.ctx, 'sonia@spryker.com')).toBeUndefined()
  const id = device.mark(fresh.ctx, 'sonia@spryker.com')
  const [cookie] = fresh.set
  expect(cookie).toMatchObject({
    name: '__Host-vestibule.device',
    options: { httpOnly: true, sameSite: 'lax', secure: true, path: '/', maxAge: 34_560_000_000 },
  })
  const returning = browser(cookie?.value)
  expect(device.idFor(returning.ctx, ' SONIA@spryker.com ')).toBe(id)
  expect(device.mark(returning.ctx, 'sonia@spryker.com')).toBe(id)
})

test('two accounts on one browser have ids that nobody can connect', () => {
  const { ctx, set } = browser()
  device.mark(ctx, 'sonia@spryker.com')
  const returning = browser(set[0]?.value).ctx
  const ids = ['sonia@spryker.com', 'ron@swanson.com'].map((login) => device.idFor(returning, login))
  expect(new Set(ids).size).toBe(2)
  for (const id of ids) expect(set[0]?.value).not.toContain(id)
})

test('a mark that we did not sign is nobody', () => {
  const { ctx, set } = browser()
  device.mark(ctx, 'sonia@spryker.com')
  const value = set[0]?.value ?? ''
  const foreign = createDeviceCookie({ keys: ['another key of sixteen characters'], issuer: 'https://id.example' })
  const [secret, signature] = value.split('.')
  const forgeries = [`${secret}.${'A'.repeat(43)}`, `${'A'.repeat(43)}.${signature}`, `${secret}`, `${value}x`, '']
  for (const forged of forgeries) expect(device.idFor(browser(forged).ctx, 'sonia@spryker.com')).toBeUndefined()
  expect(foreign.idFor(browser(value).ctx, 'sonia@spryker.com')).toBeUndefined()
})

test('an older key still vouches for marks made with it', () => {
  const { ctx, set } = browser()
  const id = device.mark(ctx, 'sonia@spryker.com')
  const rotated = createDeviceCookie({
    keys: ['a newer key of many characters', ...keys],
    issuer: 'https://id.example',
  })
  expect(rotated.idFor(browser(set[0]?.value).ctx, 'sonia@spryker.com')).toBe(id)
})
