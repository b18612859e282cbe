import { describe, expect, test } from 'vitest'
import { parseLine } from '../../src/customers/import/import-parse.ts'

const GOOD = { customerReference: 'R1', email: 'r1@shop.example' }
const UUID = 'aaaaaaaa-0000-4000-8000-000000000001'
const companyUser = { id: UUID, company: { id: UUID, name: 'Company' } }

function reasonOf(members: object): string | undefined {
  const parsed = parseLine({ text: JSON.stringify({ ...GOOD, ...members }) }, () => undefined)
  return parsed.outcome === 'refused' ? parsed.reason : undefined
}

describe('the reason of a refused line', () => {
  test.each([
    [{ email: undefined }, 'email: is missing'],
    [{ email: `${'x'.repeat(250)}@shop.example` }, 'email: must have at most 254 characters'],
    [{ customerReference: '' }, 'customerReference: must not be empty'],
    [{ customerReference: 17 }, 'customerReference: must be text'],
    [{ id: '17' }, 'id: must be a UUID'],
    [{ idCustomer: '17' }, 'idCustomer: must be a number'],
    [{ idCustomer: 1.5 }, 'idCustomer: must be a whole number'],
    [{ idCustomer: 0 }, 'idCustomer: must be at least 1'],
    [{ idCustomer: 2 ** 31 }, 'idCustomer: must be at most 2147483647'],
    [{ emailVerified: 1 }, 'emailVerified: must be true or false'],
    [{ status: 'inactive' }, 'status: must be "active" or "blocked"'],
    [{ password: 'hunter2' }, 'password: must be an object'],
    [{ companyUsers: {} }, 'companyUsers: must be a list'],
    [{ companyUsers: [{ id: UUID }] }, 'companyUsers.0.company: is missing'],
    [{ companyUsers: [{ ...companyUser, roles: [{}] }] }, 'companyUsers.0.roles.0.name: is missing'],
    [{ pasword: 1 }, 'has no member "pasword"'],
    [{ password: { scheme: 'md5', hash: 'x', pepper: 1 } }, 'password: has no member "pepper"'],
  ])('of %j is in words of the format', (members, reason) => {
    expect(reasonOf(members)).toBe(reason)
  })

  test('is short, however long and many the wrong names are', () => {
    const names = Array.from({ length: 50 }, (_, index) => [`${index}${'x'.repeat(100_000)}`, 1])
    const reason = reasonOf(Object.fromEntries(names))
    expect(reason).toMatch(/^has no member "0x+", "1x+", "2x+" and 47 more$/)
    expect(reason?.length).toBeLessThan(300)
  })

  test('is nothing for a line that is a customer', () => {
    expect(reasonOf({ companyUsers: [companyUser] })).toBeUndefined()
  })
})
