import type { Knex } from 'knex'
import { type PasswordColumns, passwordOf } from '../credentials/password-columns.ts'
import { oneAtATime } from '../database/one-at-a-time.ts'

/** A way in that a customer can take away. */
export type WayIn = { readonly kind: 'passkey' | 'provider'; readonly id: string }

export type WaysIn = {
  /**
   * Takes a way in away by `remove`, unless the customer could not sign in without it. Those of one customer go one after another, so
   * that of two different ones that go at once the second sees what the first left.
   */
  takeAway<T>(
    customerId: string,
    way: WayIn,
    remove: (transaction: Knex.Transaction) => Promise<T>,
  ): Promise<T | 'last-way-in'>
}

export type WaysInDeps = {
  readonly knex: Knex
  /** False where the shop has the passwords: there each customer has one. */
  readonly keepsPasswords: boolean
  readonly offersPasskeys: boolean
  /** Whether people can sign in by this provider now. */
  readonly isUsable: (upstreamId: string) => boolean
  /** Whether a code by mail alone signs this customer in. */
  readonly takesMailedCode: (customerId: string) => Promise<boolean>
}

/** By which ways customers get in: a password, passkeys, providers, a code by mail. */
export function createWaysIn({ knex, keepsPasswords, offersPasskeys, isUsable, takesMailedCode }: WaysInDeps): WaysIn {
  /** Nothing here may ask for a second connection: the embedded database has one. */
  async function others(transaction: Knex.Transaction, customerId: string, way: WayIn): Promise<boolean> {
    const customer = await transaction<PasswordColumns>('customers')
      .where({ id: customerId } as object) // a column that is not read back
      .first('password_scheme', 'password_hash', 'password_salt')
    if (customer && passwordOf(customer).password) return true
    const notThis = (kind: WayIn['kind']) => (row: { readonly id: string }) => way.kind !== kind || row.id !== way.id
    const passkeys = offersPasskeys ? await transaction('passkeys').where({ customer_id: customerId }).select('id') : []
    if (passkeys.some(notThis('passkey'))) return true
    const links: { id: string; upstream_id: string }[] = await transaction('customer_upstream_links')
      .where({ customer_id: customerId })
      .select('id', 'upstream_id')
    return links.filter(notThis('provider')).some(({ upstream_id }) => isUsable(upstream_id))
  }

  return {
    async takeAway(customerId, way, remove) {
      const hasAnother = !keepsPasswords || (await takesMailedCode(customerId))
      return knex.transaction(async (transaction) => {
        await oneAtATime(transaction, `ways in ${customerId}`)
        if (hasAnother || (await others(transaction, customerId, way))) return remove(transaction)
        return 'last-way-in'
      })
    },
  }
}
