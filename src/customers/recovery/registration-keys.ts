import { hash, randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import { storedForms } from '../../credentials/email.ts'
import { isStorable } from '../../database/storable.ts'

export type RegistrationKeys = ReturnType<typeof createRegistrationKeys>

const TTL_SECONDS = 30 * 86_400

export type KeyOptions = {
  /** For demo data only, which is public. */
  readonly key?: string
  readonly ttlSeconds?: number
}

/** Keys that prove a new customer reads the mail of the address they registered with. Kept as digests; used once. */
export function createRegistrationKeys({
  knex,
  onConfirmed = () => {},
}: {
  readonly knex: Knex
  readonly onConfirmed?: (customerId: string) => void
}) {
  return {
    /** Makes a key for a customer, good for 30 days unless said. */
    async issue(
      customerId: string,
      { key = randomBytes(24).toString('hex'), ttlSeconds = TTL_SECONDS }: KeyOptions = {},
    ): Promise<string> {
      await knex.raw(
        `insert into registration_keys (sha256, customer_id, expires_at) values (?, ?, now() + make_interval(secs => ?))
         on conflict (sha256) do nothing`,
        [digest(key), customerId, ttlSeconds],
      )
      return key
    },

    /**
     * Confirms the customer's e-mail address. The customer's id, for exactly one caller with a key that has not expired. A key
     * of another customer than the one with `email`, where that is given, is left as it is.
     */
    async confirm(key: string, email?: string): Promise<string | undefined> {
      if (email !== undefined && !isStorable(email)) return undefined
      const confirmed = await knex.transaction(async (transaction) => {
        const { rows } = await transaction.raw<{ rows: { customer_id: string }[] }>(
          `delete from registration_keys where sha256 = ? and expires_at > now()
             ${email === undefined ? '' : 'and customer_id in (select id from customers where email_normalized = any(?))'}
           returning customer_id`,
          [digest(key), ...(email === undefined ? [] : [[...storedForms(email)]])],
        )
        const customerId = rows[0]?.customer_id
        if (customerId === undefined) return undefined
        const count = await transaction('customers')
          .where({ id: customerId, status: 'active' })
          .update({ email_verified: true, updated_at: transaction.fn.now() })
        await transaction('registration_keys').where({ customer_id: customerId }).delete()
        return count === 1 ? customerId : undefined
      })
      if (confirmed !== undefined) onConfirmed(confirmed)
      return confirmed
    },
  }
}

function digest(key: string): string {
  return hash('sha256', key, 'base64url')
}
