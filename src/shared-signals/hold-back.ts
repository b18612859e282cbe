import type { Knex } from 'knex'
import { PAUSED_BY_STREAM } from '../outbox/receiver-rows.ts'
import type { HoldBack } from './streams.ts'
import { SIGNAL_KIND } from './tell.ts'

const PRUNED_AT_ONCE = 1000

/** Holds back messages of the outbox, whose rows these are. What an operator holds back is the operator's to let go. */
export function createHoldBack(): HoldBack {
  const of = (receiver: string) => ({ kind: SIGNAL_KIND, receiver })
  return {
    async pause(streamId, transaction) {
      await transaction('outbox_receivers')
        .insert({ ...of(streamId), paused_at: transaction.fn.now(), paused_by: PAUSED_BY_STREAM })
        .onConflict(['kind', 'receiver'])
        .merge(['paused_at', 'paused_by'])
        .whereNull('outbox_receivers.paused_at')
    },
    async resume(streamId, transaction) {
      await transaction('outbox_receivers')
        .where({ ...of(streamId), paused_by: PAUSED_BY_STREAM })
        .update({ paused_at: null, paused_by: null })
    },
    async drop(streamId, transaction) {
      await transaction('outbox_messages')
        .where({ ...of(streamId), state: 'waiting' })
        .delete()
    },
  }
}

/** Drops what was held back for longer because a receiver paused its stream, a part at a time. @returns how many. */
export async function pruneHeldBack(knex: Knex, days: number): Promise<number> {
  let total = 0
  for (let removed = PRUNED_AT_ONCE; removed === PRUNED_AT_ONCE; total += removed) {
    const { rowCount } = await knex.raw<{ rowCount: number | null }>(
      `delete from outbox_messages where seq in (
         select message.seq from outbox_messages message join signal_streams stream
           on message.receiver = stream.stream_id::text
         where message.kind = ? and message.state = 'waiting' and stream.status = 'paused'
           and message.created_at < now() - make_interval(days => ?) limit ${PRUNED_AT_ONCE})`,
      [SIGNAL_KIND, days],
    )
    removed = rowCount ?? 0
  }
  return total
}
