import type { Knex } from 'knex'
import { FIRST_UUID } from '../../database/uuid.ts'
import { type CustomerRow, SELECT_CUSTOMER, toCustomerWithPassword } from '../customer-row.ts'
import type { CustomerWithPassword } from '../directory.ts'

const PAGE = 500

/** All customers in the import format. Hashes go out only when asked for; erased customers never do. */
export async function* exportCustomers(
  { knex }: { readonly knex: Knex },
  { withHashes = false }: { readonly withHashes?: boolean } = {},
): AsyncGenerator<object> {
  let after = FIRST_UUID
  for (;;) {
    const { rows } = await knex.raw<{ rows: CustomerRow[] }>(
      `${SELECT_CUSTOMER} where c.id > ? and c.status <> 'anonymised' order by c.id limit ${PAGE}`,
      [after],
    )
    for (const row of rows) yield toRecord(toCustomerWithPassword(row), withHashes)
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

export type PersonalDataDeps = {
  readonly knex: Knex
  /** What others keep about a customer (consents, sign-ins, audit), by heading. */
  readonly collect?: (customerId: string) => Promise<Readonly<Record<string, unknown>>>
}

/** Everything held about one person, for the person (GDPR Art. 15); undefined when there is no such customer. */
export async function exportPersonalData(
  { knex, collect = async () => ({}) }: PersonalDataDeps,
  customerReference: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { rows } = await knex.raw<{ rows: CustomerRow[] }>(`${SELECT_CUSTOMER} where c.customer_reference = ?`, [
    customerReference,
  ])
  const [row] = rows
  if (!row) return undefined
  const account = await knex('customers').where({ id: row.id }).first({
    createdAt: 'created_at',
    updatedAt: 'updated_at',
    passwordChangedAt: 'password_changed_at',
    passwordScheme: 'password_scheme',
    erasedAt: 'erased_at',
  })
  const { customer } = toCustomerWithPassword(row)
  const formerAddresses = await knex('customer_email_changes')
    .where({ customer_id: row.id })
    .orderBy('id')
    .select({ email: 'email_before', changedAt: 'changed_at' })
  const passkeys = await knex('passkeys')
    .where({ customer_id: row.id })
    .orderBy(['created_at', 'id'])
    .select({ id: 'id', name: 'name', isBackedUp: 'is_backed_up', createdAt: 'created_at', lastUsedAt: 'last_used_at' })
  const linkedAccounts = await knex('customer_upstream_links')
    .where({ customer_id: row.id })
    .orderBy('linked_at')
    .select({
      upstream: 'upstream_id',
      issuer: 'issuer',
      subject: 'subject',
      email: 'email',
      linkedAt: 'linked_at',
      lastUsedAt: 'last_used_at',
    })
  return { customer, account, formerAddresses, passkeys, linkedAccounts, ...(await collect(row.id)) }
}

function toRecord({ customer, password }: CustomerWithPassword, withHashes: boolean): object {
  return withHashes && password ? { ...customer, password } : customer
}
