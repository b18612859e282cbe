import type { NewMessage } from '../outbox/message.ts'
import type { ExclusionRows } from './exclusion-rows.ts'
import { type Signal, toPayload } from './signal.ts'
import { eventsOf, type Stream } from './stream.ts'

/** The kind of these messages in the outbox; their receivers are streams. */
export const SIGNAL_KIND = 'shared-signals'
/** Of those that announce that a stream stops: they are sent although it does. */
export const NOTICE_KIND = 'shared-signals-notice'

export type TellDeps = Pick<ExclusionRows, 'streamsWithout'> & {
  /** Whether a client may be told of an account: some may only of those that let them in. */
  readonly mayHearOf: (clientId: string, accountId: string) => Promise<boolean>
}

/**
 * Turns signals into messages: one for each of these streams that has the event and tells of the subject. Streams that are disabled keep
 * nothing; those that are paused are told later.
 */
export type Tell = (signals: readonly Signal[], streams: readonly Stream[]) => Promise<NewMessage[]>

export function createTell({ streamsWithout, mayHearOf }: TellDeps): Tell {
  async function entitled(signal: Signal, streams: readonly Stream[]): Promise<readonly Stream[]> {
    const { accountId, onlyClient } = signal
    if (onlyClient !== undefined) return streams.filter(({ clientId }) => clientId === onlyClient)
    if (accountId === undefined) return streams
    const answers = await Promise.all(streams.map(({ clientId }) => mayHearOf(clientId, accountId)))
    return streams.filter((_, index) => answers[index])
  }

  return async function tell(signals, streams) {
    const messages = await Promise.all(
      signals.map(async (signal) => {
        const having = streams.filter((each) => each.status !== 'disabled' && eventsOf(each).includes(signal.event))
        const asking = having.length === 0 ? having : await entitled(signal, having)
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
