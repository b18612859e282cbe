import { plain } from '../../plain-text.ts'
import type { Action } from '../command/action.ts'
import { findCustomer } from '../command/find-customer.ts'
import { printJson, printTable } from '../command/print.ts'

type Passkey = {
  readonly id: string
  readonly name?: string
  readonly isBackedUp: boolean
  readonly createdAt: number
  readonly lastUsedAt?: number
}

/** The passkeys of a customer. */
export const CUSTOMER_PASSKEYS: Readonly<Record<string, Action>> = {
  passkeys: {
    takes: 'CUSTOMER',
    does: 'list the passkeys of a customer',
    example: 'passkeys DE--21',
    async run({ admin, subjects: [customer = ''], isJson }) {
      const { id } = await findCustomer(admin, customer)
      const listed = await admin.call<{ items: Passkey[] }>('GET', `/v1/customers/${id}/passkeys`)
      if (isJson) return printJson(listed)
      const rows = listed.items.map(({ id, name = '', createdAt, lastUsedAt }) => [
        id,
        plain(name),
        instant(createdAt),
        lastUsedAt === undefined ? 'never' : instant(lastUsedAt),
      ])
      printTable(['ID', 'NAME', 'MADE', 'LAST USED'], rows)
    },
  },
  'remove-passkey': {
    takes: 'CUSTOMER PASSKEY',
    does: 'remove a passkey of a customer, by its id, and sign the customer out',
    example: 'remove-passkey DE--21 6b1f7f4e-0d9c-4f5e-8f0e-4f5f9d0c2a11',
    async run({ admin, subjects: [customer = '', passkey = ''], isJson }) {
      const { id, customerReference } = await findCustomer(admin, customer)
      await admin.call('DELETE', `/v1/customers/${id}/passkeys/${encodeURIComponent(passkey)}`)
      if (isJson) printJson({ removed: passkey })
      else console.log(`The passkey is removed, and ${plain(customerReference)} is signed out everywhere`)
    },
  },
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
