import type { HoldBack } from './streams.ts'
import { SIGNAL_KIND } from './tell.ts'

/** Holds back messages of the outbox, whose rows these are. */
export function createHoldBack(): HoldBack {
  const of = (receiver: string) => ({ kind: SIGNAL_KIND, receiver })
  return {
    async pause(streamId, transaction) {
      await transaction('outbox_receivers')
        .insert({ ...of(streamId), paused_at: transaction.fn.now(), paused_by: 'stream' })
        .onConflict(['kind', 'receiver'])
        .merge(['paused_at', 'paused_by'])
    },
    async resume(streamId, transaction) {
      await transaction('outbox_receivers').where(of(streamId)).update({ paused_at: null, paused_by: null })
    },
    async drop(streamId, transaction) {
      await transaction('outbox_messages')
        .where({ ...of(streamId), state: 'waiting' })
        .delete()
    },
  }
}
