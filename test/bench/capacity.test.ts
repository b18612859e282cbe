import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withTables } from '../../bench/capacity/in-page.ts'
import { needOf, sharesOf, times } from '../../bench/capacity/need.ts'
import { capacityTables, MILLION } from '../../bench/capacity/tables.ts'

test('docs/capacity.md has the tables that the costs give', () => {
  const page = readFileSync(new URL('../../docs/capacity.md', import.meta.url), 'utf8')
  expect(withTables(page, capacityTables())).toBe(page)
})

test('a page without a place for a table is refused', () => {
  expect(() => withTables('# Capacity', { need: '| |' })).toThrow('need')
})

const none = { ...MILLION, customers: 0, perSecond: { login: 0, refresh: 0, introspection: 0 } }

test.each([
  ['a login costs its hash: 100 a second of 9 ms each, half busy', { login: 100 }, { hashCores: 2, hashMebibytes: 38 }],
  ['an introspection hashes nothing and writes nothing', { introspection: 1000 }, { hashCores: 0, auditRows: 0 }],
  ['an introspection is one command to Redis', { introspection: 1000 }, { redisCommands: 1000 }],
  ['a refresh is one entry of the audit trail', { refresh: 10 }, { auditRows: 10 }],
])('%s', (_, rates, expected) => {
  expect(needOf({ ...none, perSecond: { ...none.perSecond, ...rates } })).toMatchObject(expected)
})

test('memory of Redis is that of all sign-ins and one place for each customer', () => {
  expect(needOf({ ...none, customers: 10, signInsPerCustomer: 3 }).redisBytes).toBe(10 * (3 * 970 + 120))
})

test('ten times the customers take ten times of what is not counted in whole cores', () => {
  const [one, ten] = [needOf(MILLION), needOf(times(MILLION, 10))]
  for (const part of ['redisBytes', 'redisCommands', 'auditRows', 'postgresBytes', 'bitsPerSecond'] as const) {
    expect(ten[part] / one[part], part).toBeCloseTo(10)
  }
})

test('what breaks first is named first', () => {
  const shares = sharesOf(needOf(times(MILLION, 100))).map(([, share]) => share)
  expect(shares).toEqual(shares.toSorted((a, b) => b - a))
  expect(shares[0]).toBeGreaterThan(1)
})
