import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSignedIn } from '../interaction/account/account-visitor.ts'
import { type HostedShop, startHostedShop, type TestCustomer } from '../interaction/hosted-shop.ts'
import { describeOn } from '../support/describe-on.ts'

const MANAGES = 'ManageCompanyUserInvitationPermissionPlugin'
const ROUNDS = 3

type Way = 'leave' | 'delete'
const PAIRS: readonly (readonly [Way, Way])[] = [
  ['delete', 'delete'],
  ['delete', 'leave'],
  ['leave', 'leave'],
]

function suite(start: () => Promise<HostedShop>): void {
  let shop: HostedShop
  beforeAll(async () => {
    shop = await start()
  })
  afterAll(() => shop?.stop())

  async function member(company: { id: string; name: string }, isAdministrator: boolean) {
    const customer = await shop.addCustomer()
    const name = isAdministrator ? 'Administrator' : 'Buyer'
    const role = { id: company.id.replace(/^./, isAdministrator ? 'a' : 'b'), name }
    const permissions = [{ key: isAdministrator ? MANAGES : 'Order', configuration: {} }]
    const companyUser = { id: randomUUID(), company, isActive: true, roles: [{ ...role, permissions }] }
    const customerReference = `test-${Number(customer.id.slice(-12))}`
    await shop.importRecord({
      email: customer.email,
      customerReference,
      emailVerified: true,
      companyUsers: [companyUser],
    })
    return { customer, companyUserId: companyUser.id }
  }

  /** A form that is open, and is yet to be sent. */
  async function ready({ customer, companyUserId }: { customer: TestCustomer; companyUserId: string }, way: Way) {
    const visitor = shop.visitor()
    const path = way === 'delete' ? '/account/data/delete' : `/account/companies/leave?id=${companyUserId}`
    const form = await openSignedIn(visitor, customer, path)
    return () => visitor.submit(form, `/${way}`)
  }

  test.each(PAIRS)('of the last two, who %s and %s at the same instant, one stays', async (first, second) => {
    for (let round = 0; round < ROUNDS; round++) {
      const company = { id: randomUUID(), name: `Company ${round}` }
      await member(company, false)
      const people = [await member(company, true), await member(company, true)] as const
      const submits = [await ready(people[0], first), await ready(people[1], second)]
      const answers = await Promise.all(submits.map((submit) => submit()))
      const refused = answers.filter(({ status }) => status === 409)
      expect(refused, answers.map(({ status, url }) => `${status} ${url}`).join()).toHaveLength(1)
    }
  })
}

describe('on the embedded database', () => suite(() => startHostedShop({}, { isEmbedded: true })))
describeOn('postgres', 'on Postgres', () => suite(() => startHostedShop()))
