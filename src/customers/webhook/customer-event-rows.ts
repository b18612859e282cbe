import type { Knex } from 'knex'
import type { Customer } from '../customer.ts'

/** What may happen to a customer. The database notes it, whatever changed the row: `migrations/0136-customer-events.ts`. */
export type CustomerEventType =
  | 'customer.registered'
  | 'customer.changed'
  | 'customer.confirmed'
  | 'customer.password_changed'
  | 'customer.erased'

/** One change as the receiver gets it. */
export type CustomerEvent = {
  /** The same each time it is sent. */
  readonly id: string
  readonly type: CustomerEventType
  /** ISO 8601. */
  readonly occurred_at: string
  readonly customer_id: string
  readonly customer_reference: string
  /** `import` for what an import changed; null otherwise. */
  readonly origin: 'import' | null
  /** As the customer is when the event is sent; null for one who was erased by then. */
  readonly customer:
    | (Pick<Customer, 'idCustomer' | 'email' | 'emailVerified' | 'status'> & {
        readonly givenName: string | null
        readonly familyName: string | null
        readonly locale: string | null
      })
    | null
}

/** An event with its place in the queue. */
export type WaitingEvent = { readonly seq: string; readonly event: CustomerEvent }

/** Longer than one call may take; a node that died gives way after it. */
const HELD_SECONDS = 30

export type CustomerEventRows = ReturnType<typeof createCustomerEventRows>

/** The queue of events and the turn of the node that empties it; `holder` is this node. */
export function createCustomerEventRows(knex: Knex, holder: string) {
  const turn = () => knex<{ holder: string | null }>('customer_webhook')
  return {
    /** From now on changes are noted. */
    begin: async () => void (await knex.raw('insert into customer_webhook default values on conflict do nothing')),

    /** No receiver is set: changes are no longer noted, and waiting ones are deleted. */
    async end(): Promise<void> {
      if ((await turn().delete()) > 0) await knex('customer_events').delete()
    },

    /** How many wait, told by both ends of the queue: counting them would cost more the more there are. */
    async behind(): Promise<number> {
      const { rows } = await knex.raw<{ rows: { waiting: string | number }[] }>(
        'select coalesce(max(seq) - min(seq) + 1, 0) as waiting from customer_events',
      )
      return Number(rows[0]?.waiting ?? 0)
    },

    /** False while another node holds the turn. */
    async take(): Promise<boolean> {
      const taken = await turn()
        .where((free) => free.where({ holder }).orWhereRaw('held_until < now()'))
        // Knex types no raw values in an update.
        .update({ holder, held_until: knex.raw(`now() + interval '${HELD_SECONDS} seconds'`) } as object)
      return taken > 0
    },

    async giveBack(): Promise<void> {
      // As above.
      const free = { holder: null, held_until: knex.raw('now()') } as object
      await turn().where({ holder }).update(free)
    },

    /** The oldest, in the order in which they were noted: of one customer that is the order of the changes. */
    async oldest(limit: number): Promise<WaitingEvent[]> {
      const { rows } = await knex.raw<{ rows: Row[] }>(SELECT_OLDEST, [limit])
      return rows.map((row) => ({ seq: String(row.seq), event: toEvent(row) }))
    },

    async remove(seqs: readonly string[]): Promise<void> {
      await knex('customer_events')
        .whereIn('seq', [...seqs])
        .delete()
    },
  }
}

type Row = {
  readonly seq: string | number
  readonly id: string
  readonly type: CustomerEventType
  readonly occurred_at: Date
  readonly customer_id: string
  readonly customer_reference: string
  readonly origin: 'import' | null
  readonly id_customer: number
  readonly email: string
  readonly email_verified: boolean
  readonly status: Customer['status'] | null
  readonly given_name: string | null
  readonly family_name: string | null
  readonly locale: string | null
}

const SELECT_OLDEST = `
  select e.seq, e.id, e.type, e.occurred_at, e.customer_id, e.customer_reference, e.origin,
    c.id_customer, c.email, c.email_verified, c.status, c.given_name, c.family_name, c.locale
  from customer_events e left join customers c on c.id = e.customer_id
  order by e.seq limit ?`

function toEvent(row: Row): CustomerEvent {
  const isGone = row.status === null || row.status === 'anonymised'
  return {
    id: row.id,
    type: row.type,
    occurred_at: row.occurred_at.toISOString(),
    customer_id: row.customer_id,
    customer_reference: row.customer_reference,
    origin: row.origin,
    customer: isGone
      ? null
      : {
          idCustomer: row.id_customer,
          email: row.email,
          emailVerified: row.email_verified,
          status: row.status ?? 'active',
          givenName: row.given_name,
          familyName: row.family_name,
          locale: row.locale,
        },
  }
}
