import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { runCommand } from '../cli/run-command.ts'
import { type EnrolledCustomer, type FactorShop, startFactorShop } from '../interaction/factor-shop.ts'
import { isSignedIn } from '../interaction/hosted-shop.ts'
import { ask, OWNER } from './administrators.ts'
import { signInToConsole } from './console-operator.ts'

let shop: FactorShop
beforeAll(async () => {
  shop = await startFactorShop()
})
afterAll(() => shop?.stop())

const NONE = { hasSecondFactor: false, recoveryCodesLeft: 0, rememberedBrowsers: 0 }
const pathOf = ({ id }: { id: string }) => `/v1/customers/${id}`
const api = (method: 'GET' | 'POST', path: string) =>
  ask(shop.server, OWNER, method, path, method === 'POST' ? {} : undefined)

/** A customer whose app and recovery codes are in use, with a remembered browser. */
async function enrolled(): Promise<EnrolledCustomer> {
  const customer = await shop.enrol()
  const visitor = shop.visitor({ 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:154.0) Gecko Firefox/154.0' })
  const page = await visitor.open(`${(await visitor.signIn(customer)).url}?way=recovery`)
  const fields = { code: customer.recoveryCode(), remember_device: 'yes' }
  expect(isSignedIn(await visitor.submit(page, '/second-factor', fields))).toBe(true)
  return customer
}

const RESETS: readonly (readonly [string, (customer: EnrolledCustomer) => Promise<unknown>])[] = [
  ['the API', (customer) => api('POST', `${pathOf(customer)}/second-factor/reset`)],
  [
    'the command line',
    async ({ email }) => {
      const args = ['customers', 'second-factor', 'reset', email]
      const { code, stdout } = await runCommand(args, { DATA_DIR: shop.server.config.DATA_DIR })
      expect([code, stdout]).toEqual([0, expect.stringContaining('a password is enough')])
    },
  ],
  [
    'the console',
    async ({ id }) => {
      const operator = await signInToConsole(shop.server, OWNER)
      const page = await operator.get(`/console/customers/${id}`)
      expect(page.html).toContain('9 recovery codes left')
      await operator.submit(`/console/customers/${id}/reset-second-factor`)
    },
  ],
]

describe.each(RESETS)('a second factor that is taken away by %s', (_, reset) => {
  test('is no longer asked for, takes codes and browsers with it, and its customer is told', async () => {
    const customer = await enrolled()
    const before = await api('GET', `${pathOf(customer)}/second-factor`)
    const standing = { hasSecondFactor: true, recoveryCodesLeft: 9, rememberedBrowsers: 1 }
    expect(before).toMatchObject({ status: 200, body: { id: customer.id, ...standing } })
    await reset(customer)
    expect((await api('GET', `${pathOf(customer)}/second-factor`)).body).toMatchObject(NONE)
    expect(isSignedIn(await shop.visitor().signIn(customer))).toBe(true)
    const subjects = () => shop.sink.mailsTo(customer.email).map(({ subject }) => subject)
    await vi.waitFor(() => expect(subjects().join('\n')).toContain('no longer needs a code'))
    const { body } = await api('GET', `/v1/audit?customerId=${customer.id}&type=customer.second-factor-reset`)
    expect(body).toMatchObject({ items: [{ customerId: customer.id, actor: expect.any(String) }] })
  })
})

test('there is nothing to take away from a customer without one, and no customer of that name', async () => {
  const customer = await shop.addCustomer()
  expect(await api('POST', `${pathOf(customer)}/second-factor/reset`)).toMatchObject({ status: 409 })
  expect(await api('POST', '/v1/customers/NO--1/second-factor/reset')).toMatchObject({ status: 404 })
  expect(await api('GET', `/v1/customers/${'%00'}/second-factor`)).toMatchObject({
    status: expect.toSatisfy((s) => s < 500),
  })
})

test('an export has it, without what it is made of, and an erasure takes it away', async () => {
  const customer = await enrolled()
  const named = `/v1/customers/${String((await api('GET', pathOf(customer))).body.customerReference)}`
  const { body } = await api('GET', `${named}/personal-data`)
  expect(body).toMatchObject({
    secondFactor: { hasSecondFactor: true, recoveryCodesLeft: 9 },
    rememberedBrowsers: [{ browser: 'Firefox', system: 'Linux' }],
  })
  expect(JSON.stringify(body)).not.toMatch(/sha256|sealed/i)
  expect(await api('POST', `${named}/erase`)).toMatchObject({ status: 200 })
  expect((await api('GET', `${pathOf(customer)}/second-factor`)).body).toMatchObject(NONE)
})

test('keys that were replaced open it still, once they are sealed anew', async () => {
  const customer = await shop.enrol()
  expect((await api('POST', '/v1/keys/reencrypt')).status).toBeLessThan(300)
  const visitor = shop.visitor()
  const page = await visitor.signIn(customer)
  expect(isSignedIn(await visitor.submit(page, '/second-factor', { code: await customer.code() }))).toBe(true)
})
