import type { Knex } from 'knex'
import { normalizeEmail } from '../../credentials/email.ts'
import type { EmailTrust, ForeignIdentity } from '../../credentials/foreign-identity.ts'
import { isUuid } from '../../database/uuid.ts'

/** An account at a sign-in provider that signs a customer in here. */
export type LinkedAccount = {
  readonly id: string
  readonly upstreamId: string
  readonly issuer: string
  readonly subject: string
  readonly email?: string
  readonly emailTrust: EmailTrust
  readonly linkedAt: Date
  readonly lastUsedAt: Date
}

export type LinkRows = ReturnType<typeof createLinkRows>

/** A customer, and when a person was connected with them. */
export type Connected = { readonly customerId: string; readonly linkedAtMs: number }

/** What names a person at a provider for good. */
type Name = Pick<ForeignIdentity, 'upstreamId' | 'issuer' | 'subject'>

const TABLE = 'customer_upstream_links'

/** Which account at which provider is whose. */
export function createLinkRows({ knex }: { readonly knex: Knex }) {
  const named = ({ upstreamId, issuer, subject }: Name) =>
    knex(TABLE).where({ upstream_id: upstreamId, issuer, subject })

  return {
    /** The id of the customer that a person at a provider is here. */
    async customerOf(identity: Name): Promise<string | undefined> {
      const row = await named(identity).first<{ customer_id: string } | undefined>('customer_id')
      return row?.customer_id
    },

    /**
     * The customers that a person is here, whichever provider of this issuer they came by, with when that was last connected. More than
     * one where the same person has several accounts by several of them.
     */
    async customersOf({ issuer, subject }: Omit<Name, 'upstreamId'>): Promise<readonly Connected[]> {
      const rows: { customer_id: string; linked_at: Date }[] = await knex(TABLE)
        .where({ issuer, subject })
        .groupBy('customer_id')
        .select('customer_id', knex.raw('max(linked_at) as linked_at'))
        .limit(2)
      return rows.map((row) => ({ customerId: row.customer_id, linkedAtMs: row.linked_at.getTime() }))
    },

    /** False where the person at the provider has an account here already: nobody is moved from one to another. */
    async add(customerId: string, identity: ForeignIdentity): Promise<boolean> {
      const { upstreamId, issuer, subject } = identity
      const made = await knex(TABLE)
        .insert({ customer_id: customerId, upstream_id: upstreamId, issuer, subject, ...emailColumns(identity) })
        .onConflict(['upstream_id', 'issuer', 'subject'])
        .ignore()
        .returning('id')
      return made.length === 1
    },

    /** Notes a sign-in, and what the provider says of the address now. */
    async noteUse(identity: ForeignIdentity): Promise<void> {
      await named(identity).update({ last_used_at: knex.fn.now(), ...emailColumns(identity) })
    },

    /** Those of a customer, oldest first. */
    ofCustomer: (customerId: string) => list(knex, customerId),

    /** Removes one of a customer, and says what it was; undefined where they have none of this id. */
    async remove(
      customerId: string,
      id: string,
      transaction: Knex,
    ): Promise<Pick<LinkedAccount, 'upstreamId'> | undefined> {
      if (!isUuid(id)) return undefined
      const removed = transaction(TABLE).where({ customer_id: customerId, id }).delete()
      const [row] = await removed.returning<{ upstream_id: string }[]>('upstream_id')
      return row && { upstreamId: row.upstream_id }
    },

    /** Removes those that somebody else than the owner of the mailbox may have put there, and tells which. */
    async removeOthers(customerId: string, email: string): Promise<readonly LinkedAccount[]> {
      return knex.transaction(async (transaction) => {
        const all = await list(transaction, customerId, true)
        const others = all.filter((link) => !isOfMailbox(link, email))
        const ids = others.map(({ id }) => id)
        if (ids.length > 0) await transaction(TABLE).whereIn('id', ids).delete()
        return others
      })
    },
  }
}

/** A provider that runs the mailbox vouches that this is its owner; any other link proves nothing about it. */
function isOfMailbox({ email, emailTrust }: LinkedAccount, mailbox: string): boolean {
  return emailTrust === 'authoritative' && email === normalizeEmail(mailbox)
}

type Row = {
  readonly id: string
  readonly upstream_id: string
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  readonly email_trust: EmailTrust
  readonly linked_at: Date
  readonly last_used_at: Date
}

async function list(knex: Knex, customerId: string, isLocked = false): Promise<readonly LinkedAccount[]> {
  const query = knex<Row>(TABLE)
    .where({ customer_id: customerId } as object) // a column that is not read back
    .orderBy(['linked_at', 'id'])
    .select('id', 'upstream_id', 'issuer', 'subject', 'email', 'email_trust', 'linked_at', 'last_used_at')
  const rows: Row[] = await (isLocked ? query.forUpdate() : query)
  return rows.map((row) => ({
    id: row.id,
    upstreamId: row.upstream_id,
    issuer: row.issuer,
    subject: row.subject,
    ...(row.email !== null && { email: row.email }),
    emailTrust: row.email_trust,
    linkedAt: row.linked_at,
    lastUsedAt: row.last_used_at,
  }))
}

function emailColumns({ email }: ForeignIdentity) {
  return { email: email ? normalizeEmail(email.address) : null, email_trust: email?.trust ?? 'none' }
}
