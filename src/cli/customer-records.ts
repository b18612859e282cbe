import type { Customer } from '../customers/customer.ts'
import type { AdminClient } from './command/admin-client.ts'
import { printJson, printTable } from './command/print.ts'

type Request = { readonly admin: AdminClient; readonly subject: string; readonly isJson: boolean }

/** Customers that match a part of address, reference or name: a hundred at most, for more than that is no search. */
export async function findCustomers({ admin, subject, isJson }: Request): Promise<number> {
  const path = `/v1/customers?search=${encodeURIComponent(subject)}`
  const { items: customers, next } = await admin.call<{ items: Customer[]; next?: string }>('GET', path)
  if (isJson) printJson({ customers })
  else {
    const rows = customers.map(({ id, customerReference, email, status }) => [id, customerReference, email, status])
    printTable(['ID', 'REFERENCE', 'E-MAIL', 'STATE'], rows)
    if (next !== undefined) console.log('\nThere are more. Search for a longer part.')
  }
  return 0
}

/** All that is stored of one customer, but for the password. */
export async function showCustomer({ admin, subject }: Request): Promise<number> {
  printJson(await admin.call('GET', `/v1/customers/${encodeURIComponent(subject)}`))
  return 0
}

/** Blocks, unblocks or confirms one customer. */
export function changeCustomer(action: 'block' | 'unblock' | 'confirm') {
  return async ({ admin, subject, isJson }: Request): Promise<number> => {
    const changed = await admin.call<Customer>('POST', `/v1/customers/${encodeURIComponent(subject)}/${action}`, {})
    if (isJson) printJson(changed)
    else console.log(`${changed.customerReference} is ${changed.status}${changed.emailVerified ? ', confirmed' : ''}`)
    return 0
  }
}
