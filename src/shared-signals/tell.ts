import type { NewMessage } from '../outbox/message.ts'
import type { ExclusionRows } from './exclusion-rows.ts'
import { type Signal, toPayload } from './signal.ts'
import { eventsOf, type Stream } from './stream.ts'

/** The kind of these messages in the outbox; their receivers are streams. */
export const SIGNAL_KIND = 'shared-signals'
/** Of those that announce that a stream stops: they are sent although it does. */
export const NOTICE_KIND = 'shared-signals-notice'

/**
 * Turns signals into messages: one for each of these streams that has the event and tells of the subject. Streams that are disabled keep
 * nothing; those that are paused are told later.
 */
export type Tell = (signals: readonly Signal[], streams: readonly Stream[]) => Promise<NewMessage[]>

export function createTell({ streamsWithout }: Pick<ExclusionRows, 'streamsWithout'>): Tell {
  return async function tell(signals, streams) {
    const messages = await Promise.all(
      signals.map(async (signal) => {
        const asking = streams.filter((each) => each.status !== 'disabled' && eventsOf(each).includes(signal.event))
        if (asking.length === 0) return []
        const { subjectKeys } = signal
        const without = subjectKeys.length === 0 ? new Set<string>() : await streamsWithout(subjectKeys)
        return asking.filter(({ id }) => !without.has(id)).map(({ id }) => toMessage(id, signal))
      }),
    )
    return messages.flat()
  }
}

/** In order for one account. */
function toMessage(streamId: string, signal: Signal): NewMessage {
  return {
    kind: SIGNAL_KIND,
    receiver: streamId,
    orderKey: signal.accountId ?? 'everybody',
    payload: toPayload(signal),
  }
}
