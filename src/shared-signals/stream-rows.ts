import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Sealing } from '../credentials/second-factors.ts'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { isUuid } from '../database/uuid.ts'
import type { DeliveryMethod } from './event-types.ts'
import { MIN_VERIFICATION_SECONDS, type Stream, type StreamStatus, type StreamWish } from './stream.ts'

type Row = {
  readonly stream_id: string
  readonly client_id: string
  readonly events_requested: readonly string[] | null
  readonly method: DeliveryMethod
  readonly endpoint_url: string | null
  readonly sealed_authorization: object | null
  readonly description: string | null
  readonly status: StreamStatus
  readonly reason: string | null
  readonly is_held: boolean
  readonly created_at: Date
  readonly updated_at: Date
  readonly polled_at: Date
}

export type StreamRows = ReturnType<typeof createStreamRows>

const TABLE = 'signal_streams'

/** The table of streams. The secret of a receiver is kept sealed. */
export function createStreamRows({ knex, sealing }: { readonly knex: Knex; readonly sealing: Sealing }) {
  const of = (id: string, connection: Knex = knex) => connection<Row>(TABLE).where({ stream_id: id })

  function columns(id: string, { eventsRequested, method, endpointUrl, authorizationHeader, description }: StreamWish) {
    return {
      events_requested: eventsRequested === undefined ? null : JSON.stringify(eventsRequested),
      method,
      endpoint_url: endpointUrl ?? null,
      sealed_authorization:
        authorizationHeader === undefined ? null : JSON.stringify(sealing.seal(id, authorizationHeader)),
      description: description ?? null,
    }
  }

  return {
    /** Undefined where the client has a stream already. */
    async create(clientId: string, wish: StreamWish): Promise<Stream | undefined> {
      const id = randomUUID()
      const [row] = await knex(TABLE)
        .insert({ stream_id: id, client_id: clientId, ...columns(id, wish) })
        .onConflict('client_id')
        .ignore()
        .returning<Row[]>('*')
      return row && toStream(row)
    },

    async find(id: string): Promise<Stream | undefined> {
      const row = isUuid(id) ? await of(id).first() : undefined
      return row && toStream(row as Row) // every column
    },

    async ofClient(clientId: string): Promise<Stream | undefined> {
      const row = await knex<Row>(TABLE).where({ client_id: clientId }).first()
      return row && toStream(row as Row) // as above
    },

    /** Under a lock until the transaction ends. */
    async lock(id: string, transaction: Knex.Transaction): Promise<Stream | undefined> {
      const row = isUuid(id) ? await of(id, transaction).forUpdate().first() : undefined
      return row && toStream(row as Row) // as above
    },

    async all(): Promise<readonly Stream[]> {
      const rows: Row[] = await knex<Row>(TABLE).orderBy('stream_id')
      return rows.map(toStream)
    },

    async list({ limit, cursor }: PageRequest): Promise<Page<Stream>> {
      const rows: Row[] = await knex(TABLE)
        .where('client_id', '>', keyOfCursor(cursor))
        .orderBy('client_id')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.client_id, toStream)
    },

    /** What is sent with each push; undefined where there is nothing. @throws when it cannot be opened. */
    async authorizationOf(id: string): Promise<string | undefined> {
      const row = await of(id).first('sealed_authorization')
      return row?.sealed_authorization ? sealing.open(id, row.sealed_authorization) : undefined
    },

    async replace(id: string, wish: StreamWish, transaction: Knex.Transaction): Promise<Stream | undefined> {
      const changed = { ...columns(id, wish), updated_at: knex.raw('now()') }
      const [row] = await transaction(TABLE).where({ stream_id: id }).update(changed).returning<Row[]>('*')
      return row && toStream(row)
    },

    async setStatus(
      id: string,
      { status, reason, isHeld = false }: Pick<Stream, 'status' | 'reason'> & { readonly isHeld?: boolean },
      transaction: Knex.Transaction,
    ): Promise<Stream | undefined> {
      // Who comes back is not taken for one that has not polled since.
      const now = knex.raw('now()')
      const changed = { status, reason: reason ?? null, is_held: isHeld, updated_at: now, polled_at: now }
      const [row] = await transaction(TABLE).where({ stream_id: id }).update(changed).returning<Row[]>('*')
      return row && toStream(row)
    },

    remove: async (id: string): Promise<boolean> => isUuid(id) && (await of(id).delete()) > 0,

    /** Unless an operator holds it. */
    removeFree: async (id: string): Promise<boolean> =>
      isUuid(id) && (await knex(TABLE).where({ stream_id: id, is_held: false }).delete()) > 0,

    /** True for one caller within the interval, however many race. */
    async takeVerification(id: string): Promise<boolean> {
      const taken = await of(id)
        .whereRaw('(verified_at is null or verified_at < now() - make_interval(secs => ?))', [MIN_VERIFICATION_SECONDS])
        // Knex types no raw values in an update.
        .update({ verified_at: knex.raw('now()') } as object)
      return taken > 0
    },

    /** Written once a minute at most: a poll is no reason to write. */
    async notePoll(id: string): Promise<void> {
      const now = { polled_at: knex.raw('now()') } as object // as above
      await of(id).whereRaw("polled_at < now() - interval '1 minute'").update(now)
    },

    async reseal(): Promise<void> {
      const rows: Row[] = await knex<Row>(TABLE).whereNotNull('sealed_authorization')
      for (const { stream_id: id, sealed_authorization: sealed } of rows) {
        if (!sealed) continue
        const again = JSON.stringify(sealing.seal(id, sealing.open(id, sealed)))
        await knex(TABLE)
          .where({ stream_id: id })
          .whereRaw('sealed_authorization = ?::jsonb', [JSON.stringify(sealed)])
          .update({ sealed_authorization: again })
      }
    },
  }
}

function toStream(row: Row): Stream {
  return {
    id: row.stream_id,
    clientId: row.client_id,
    ...(row.events_requested !== null && { eventsRequested: row.events_requested }),
    method: row.method,
    ...(row.endpoint_url !== null && { endpointUrl: row.endpoint_url }),
    ...(row.description !== null && { description: row.description }),
    status: row.status,
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.is_held && { isHeld: true as const }),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    polledAt: row.polled_at,
  }
}
