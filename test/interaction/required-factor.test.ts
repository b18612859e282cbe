import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EnrolledCustomer, type FactorShop, SECOND_FACTOR, STRICT, startFactorShop } from './factor-shop.ts'
import type { TestCustomer } from './hosted-shop.ts'

const APPROVER = 'Approver'
const YES_NO = [false, true]

/** Every combination of who asks besides the setting. */
const WHO = YES_NO.flatMap((client) => YES_NO.flatMap((role) => YES_NO.map((acr) => ({ client, role, acr }))))

describe.each(['optional', 'required'])('with SECOND_FACTOR=%s', (setting) => {
  let shop: FactorShop
  let enrolled: Record<'true' | 'false', EnrolledCustomer>
  beforeAll(async () => {
    shop = await startFactorShop({ SECOND_FACTOR: setting, SECOND_FACTOR_ROLES: APPROVER })
    const someone = async (role: boolean) => shop.enrol(await customerWith(role))
    enrolled = { true: await someone(true), false: await someone(false) }
  })
  afterAll(() => shop?.stop())

  async function customerWith(role: boolean): Promise<TestCustomer> {
    const customer = await shop.addCustomer()
    if (!role) return customer
    const { id, email } = customer
    const company = { id: '11111111-1111-4111-8111-111111111112', name: 'Approvers' }
    const roles = [{ name: APPROVER, permissions: [] }]
    const companyUser = { id: id.replace(/^0{8}/, 'bbbbbbbb'), company, isActive: true, isDefault: true, roles }
    const customerReference = `test-${Number(id.slice(-12))}`
    await shop.importRecord({ id, email, customerReference, emailVerified: true, companyUsers: [companyUser] })
    return customer
  }

  /** Where the right password leads at a client that asks so. */
  async function passwordLeadsTo(
    { email, password }: TestCustomer,
    { client, acr }: { client: boolean; acr: boolean },
  ) {
    const visitor = shop.visitor()
    const fields = { ...(client && { client_id: STRICT }), ...(acr && { acr_values: SECOND_FACTOR }) }
    const { url } = await visitor.submit(await visitor.openLogin(fields), '/login', { login: email, password })
    const { pathname } = new URL(url)
    if (pathname.endsWith('/second-factor-set-up')) return 'set-up'
    if (pathname.endsWith('/second-factor')) return 'code'
    return new URL(url).searchParams.has('code') ? 'signed in' : url
  }

  test.each(WHO)('a customer without one is led on as the shop asks: %j', async (who) => {
    const isRequired = setting === 'required' || who.client || who.role
    expect(await passwordLeadsTo(await customerWith(who.role), who)).toBe(isRequired ? 'set-up' : 'signed in')
  })

  test.each(WHO)('a customer with one shows it, whoever asks: %j', async (who) => {
    expect(await passwordLeadsTo(enrolled[`${who.role}`], who)).toBe('code')
  })
})
