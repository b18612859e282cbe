import { isUuid } from '../../database/uuid.ts'
import { Problem } from '../problem.ts'

/** Finds a customer by id, reference or e-mail address. */
export type FindCustomer = (named: string) => Promise<{ readonly id: string } | undefined>

/**
 * The id of the customer whom an operator names. What is on record remembers customers that are no longer in the tables,
 * or never were: any id will do.
 *
 * @throws {Problem} 404 when there is none.
 */
export async function customerIdOf(findCustomer: FindCustomer, named: string): Promise<string> {
  const found = await findCustomer(named)
  if (found) return found.id
  if (isUuid(named)) return named
  throw new Problem(404, 'unknown-customer', `There is no customer "${named}".`)
}
