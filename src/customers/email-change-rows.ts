import { hash, randomBytes } from 'node:crypto'
import type { Knex } from 'knex'
import { normalizeEmail, storedForms } from '../credentials/email.ts'
import { noteCauses } from '../sign-in-endings/causes.ts'
import { codeOf } from '../thrown.ts'

/** A customer's address before a change, and the token by which its owner can undo the change. */
export type EmailChange = { readonly customerId: string; readonly from: string; readonly token: string }

/** As the customer was before. */
export type FormerAddress = { readonly customerId: string; readonly email: string; readonly emailVerified: boolean }

/** How long a change can be undone. */
export const UNDO_SECONDS = 7 * 86_400

const UNIQUE_VIOLATION = '23505'
const TOKEN = /^[\w-]{43}$/

/** Keeps what undoes these changes, in their own transaction; forgets what is too old to be undone. */
export async function recordEmailChanges(
  transaction: Knex,
  former: readonly FormerAddress[],
): Promise<readonly EmailChange[]> {
  if (former.length === 0) return []
  await transaction.raw(`delete from customer_email_changes where changed_at < now() - ${WEEK}`)
  const changes = former.map(({ customerId, email: from, emailVerified }) => {
    const token = randomBytes(32).toString('base64url')
    return { customerId, from, emailVerified, token }
  })
  const rows = changes.map(({ customerId, from, emailVerified, token }) => ({
    customer_id: customerId,
    token_sha256: digest(token),
    email_before: from,
    was_verified: emailVerified,
  }))
  await transaction('customer_email_changes').insert(rows)
  return changes.map(({ customerId, from, token }) => ({ customerId, from, token }))
}

export type Undone =
  | { readonly outcome: 'undone'; readonly customerId: string }
  /** Undone already or too old, or never ours. */
  | { readonly outcome: 'dead' }
  /** Somebody else has the address by now. */
  | { readonly outcome: 'taken' }

/** The address that a token would restore, while it can. */
export async function findEmailChange(knex: Knex, token: string): Promise<string | undefined> {
  if (!TOKEN.test(token)) return undefined
  const { rows } = await knex.raw<{ rows: { email_before: string }[] }>(
    `select email_before from customer_email_changes where token_sha256 = ? and changed_at > now() - ${WEEK}`,
    [digest(token)],
  )
  return rows[0]?.email_before
}

/**
 * Restores the address from before a change. Later changes go with it and can no longer be undone themselves, so that a
 * thief does not come back; and so does a password that was set since, or in the very change, as an import can.
 */
export async function undoEmailChange(knex: Knex, token: string): Promise<Undone> {
  if (!TOKEN.test(token)) return { outcome: 'dead' }
  try {
    return await knex.transaction((transaction) => undo(transaction, digest(token)))
  } catch (error) {
    if (codeOf(error) !== UNIQUE_VIOLATION) throw error
    return { outcome: 'taken' }
  }
}

type Row = { readonly id: string; readonly customer_id: string; readonly email_before: string } & {
  readonly was_verified: boolean
  readonly has_newer_password: boolean
}

async function undo(transaction: Knex, sha256: string): Promise<Undone> {
  const { rows } = await transaction.raw<{ rows: Row[] }>(SELECT_CHANGE, [sha256])
  const [change] = rows
  if (!change) return { outcome: 'dead' }
  const { customer_id: id, email_before: email } = change
  const other = await transaction('customers')
    .whereIn('email_normalized', storedForms(email))
    .whereNot({ id })
    .first('id')
  if (other) return { outcome: 'taken' }
  await transaction('customers')
    .where({ id })
    .update({
      email,
      email_normalized: normalizeEmail(email),
      email_verified: change.was_verified,
      ...(change.has_newer_password && { ...NO_PASSWORD, password_changed_at: transaction.fn.now() }),
      updated_at: transaction.fn.now(),
    })
  await transaction('customer_email_changes').where({ customer_id: id }).where('id', '>=', change.id).delete()
  await noteCauses(transaction, [{ what: 'customer', subject: id, why: 'email-changed' }])
  return { outcome: 'undone', customerId: id }
}

const NO_PASSWORD = {
  password_scheme: null,
  password_hash: null,
  password_salt: null,
  password_fingerprint: null,
  password_change_required: false,
}

const WEEK = `make_interval(secs => ${UNDO_SECONDS})`

const SELECT_CHANGE = `
  select e.id, e.customer_id, e.email_before, e.was_verified,
    coalesce(c.password_changed_at >= e.changed_at, false) as has_newer_password
  from customer_email_changes e join customers c on c.id = e.customer_id
  where e.token_sha256 = ? and e.changed_at > now() - ${WEEK} and c.status <> 'anonymised'
  for update of c, e`

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}
