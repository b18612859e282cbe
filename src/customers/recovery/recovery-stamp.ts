import { hash } from 'node:crypto'
import { normalizeEmail } from '../../credentials/email.ts'
import type { CustomerWithPassword, Directory } from '../directory.ts'

/** Changes with the e-mail address and with the password: a link that carries it dies with either. */
export function recoveryStamp({ customer, password }: CustomerWithPassword): string {
  const parts = [normalizeEmail(customer.email), password?.scheme ?? '', password?.hash ?? '']
  return hash('sha256', JSON.stringify(parts), 'base64url')
}

/** The active customer a link was made for, if nothing it depends on has changed since. */
export async function findStamped(
  directory: Pick<Directory, 'findById' | 'findByLogin'>,
  link: Readonly<Record<string, unknown>> | undefined,
): Promise<CustomerWithPassword | undefined> {
  if (typeof link?.customerId !== 'string') return undefined
  const customer = await directory.findById(link.customerId)
  const found = customer && (await directory.findByLogin(customer.email))
  const isSame = found?.customer.id === link.customerId && found.customer.status === 'active'
  return isSame && recoveryStamp(found) === link.stamp ? found : undefined
}
