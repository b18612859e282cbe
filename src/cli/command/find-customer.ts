import { normalizeEmail } from '../../credentials/email.ts'
import type { Customer } from '../../customers/customer.ts'
import { isUuid } from '../../database/uuid.ts'
import { type AdminClient, AdminError } from './admin-client.ts'

/**
 * The customer whom an operator names by id, reference or e-mail address. An address is searched for and never part of a
 * path: paths are in the audit trail.
 *
 * @throws {AdminError} when there is none.
 */
export async function findCustomer(admin: AdminClient, named: string): Promise<Customer> {
  if (!named.includes('@')) return admin.call<Customer>('GET', `/v1/customers/${encodeURIComponent(named)}`)
  const found = await admin.list<Customer>(`/v1/customers?search=${encodeURIComponent(named)}`)
  const isNamed = ({ email, customerReference }: Customer) =>
    normalizeEmail(email) === normalizeEmail(named) || customerReference === named
  const customer = found.find(isNamed)
  if (customer) return customer
  throw new AdminError(`There is no customer "${named}".`, 'unknown-customer')
}

/** The same, where the id is enough: the server may know sign-ins of customers whom another system keeps. */
export async function customerIdOf(admin: AdminClient, named: string): Promise<string> {
  try {
    return (await findCustomer(admin, named)).id
  } catch (error) {
    if (error instanceof AdminError && error.code === 'unknown-customer' && isUuid(named)) return named
    throw error
  }
}
