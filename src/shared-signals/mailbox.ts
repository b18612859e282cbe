import type { Knex } from 'knex'
import { toStorable } from '../database/storable.ts'
import { isUuid } from '../database/uuid.ts'
import type { SetPayload } from './signal.ts'

/** What a receiver says of a signal that it cannot take (RFC 8936 §2.6). */
export type SetError = { readonly err: string; readonly description?: string | undefined }

export type Mailbox = ReturnType<typeof createMailbox>

const TABLE = 'signal_mailboxes'
const MOST_DESCRIPTION = 500

type Row = { readonly payload: SetPayload }

/** Signals of streams that are polled, oldest first, until they are acknowledged. */
export function createMailbox({ knex }: { readonly knex: Knex }) {
  const of = (streamId: string) => knex(TABLE).where({ stream_id: streamId })

  return {
    /** Once, however often it is added. */
    async add(streamId: string, payload: SetPayload, { isNotice }: { readonly isNotice: boolean }): Promise<void> {
      await knex(TABLE)
        .insert({ stream_id: streamId, jti: payload.jti, payload: JSON.stringify(payload), is_notice: isNotice })
        .onConflict(['stream_id', 'jti'])
        .ignore()
    },

    /** Up to `limit`, and whether there are more. Of a stream that is paused only that it is. */
    async waiting(streamId: string, limit: number, { isPaused }: { readonly isPaused: boolean }) {
      const query = of(streamId).where({ state: 'waiting', ...(isPaused && { is_notice: true }) })
      const rows = await query
        .orderBy('seq')
        .limit(limit + 1)
        .select<Row[]>('payload')
      return { payloads: rows.slice(0, limit).map(({ payload }) => payload), hasMore: rows.length > limit }
    },

    /** Forgets those that the receiver has; unknown ones are ignored. */
    async acknowledge(streamId: string, jtis: readonly string[]): Promise<void> {
      const ours = jtis.filter(isUuid)
      if (ours.length > 0) await of(streamId).whereIn('jti', ours).delete()
    },

    /** Keeps those that the receiver cannot take, for operators, and sends them no more. @returns how many. */
    async refuse(streamId: string, errors: ReadonlyMap<string, SetError>): Promise<number> {
      const said = [...errors].flatMap(([jti, { err, description }]) =>
        isUuid(jti)
          ? [{ jti, err: shown(err), description: description === undefined ? null : shown(description) }]
          : [],
      )
      if (said.length === 0) return 0
      const { rowCount } = await knex.raw<{ rowCount: number | null }>(
        `update ${TABLE} mail set state = 'refused', err = said.err, description = said.description, refused_at = now()
         from json_to_recordset(?::json) as said (jti uuid, err text, description text)
         where mail.stream_id = ? and mail.state = 'waiting' and mail.jti = said.jti`,
        [JSON.stringify(said), streamId],
      )
      return rowCount ?? 0
    },

    /** Takes all that wait, for another way of delivery. */
    async empty(streamId: string, transaction: Knex.Transaction): Promise<SetPayload[]> {
      const rows = await transaction(TABLE)
        .where({ stream_id: streamId, state: 'waiting' })
        .delete()
        .returning<(Row & { readonly seq: string })[]>(['seq', 'payload'])
      return rows.toSorted((one, other) => Number(one.seq) - Number(other.seq)).map(({ payload }) => payload)
    },

    async counts(streamId: string): Promise<{ waiting: number; refused: number }> {
      const rows = await of(streamId).groupBy('state').select('state').count<{ state: string; count: string }[]>('*')
      const count = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0)
      return { waiting: count('waiting'), refused: count('refused') }
    },

    /** The last of those that the receiver could not take. */
    async refusals(streamId: string, limit: number) {
      const rows = await of(streamId)
        .where({ state: 'refused' })
        .orderBy('seq', 'desc')
        .limit(limit)
        .select<
          (Row & SetError & { readonly jti: string; readonly refused_at: Date; readonly description: string | null })[]
        >('jti', 'payload', 'err', 'description', 'refused_at')
      return rows.map(({ jti, payload, err, description, refused_at: at }) => ({
        jti,
        event: Object.keys(payload.events)[0] ?? '',
        err,
        ...(description !== null && { description }),
        at,
      }))
    },

    /** Deletes what is older, waiting or refused. @returns how many. */
    prune: async (days: number): Promise<number> =>
      knex(TABLE).whereRaw('created_at < now() - make_interval(days => ?)', [days]).delete(),
  }
}

function shown(text: string): string {
  return toStorable(text.slice(0, MOST_DESCRIPTION))
}
