import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { pruneHeldBack } from './hold-back.ts'
import type { Mailbox } from './mailbox.ts'
import type { Streams } from './streams.ts'

const DAYS = 30
/** A stream that nobody polls for so long is paused; what waited for longer is dropped (SSF 1.0 §8.1.1). */
export const INACTIVITY_SECONDS = DAYS * 86_400
const LOOK_EVERY_MS = 3_600_000
/** Refusals of receivers are kept for operators as long as what waits. */
const REASON = `The stream was not polled for ${DAYS} days.`

export type InactivityDeps = {
  readonly knex: Knex
  readonly streams: Pick<Streams, 'setStatus'>
  readonly mailbox: Pick<Mailbox, 'prune'>
  readonly log: Pick<Log, 'warn'>
}

/** Pauses what nobody polls. @returns the ids of the streams. */
export async function pauseInactive({ knex, streams, log }: Omit<InactivityDeps, 'mailbox'>): Promise<string[]> {
  const rows: { stream_id: string }[] = await knex('signal_streams')
    .where({ method: 'poll', status: 'enabled' })
    .whereRaw('polled_at < now() - make_interval(secs => ?)', [INACTIVITY_SECONDS])
    .select('stream_id')
  for (const { stream_id: id } of rows) {
    await streams.setStatus(id, { status: 'paused', reason: REASON, by: 'transmitter' })
    log.warn({ event: 'shared-signals.stream-inactive', stream: id })
  }
  return rows.map(({ stream_id }) => stream_id)
}

/** Looks once an hour. @returns what ends it. */
export function watchInactivity(deps: InactivityDeps): () => void {
  const look = async () => {
    await pauseInactive(deps)
    await deps.mailbox.prune(DAYS)
    await pruneHeldBack(deps.knex, DAYS)
  }
  const timer = setInterval(() => {
    look().catch((error: unknown) => deps.log.warn({ event: 'shared-signals.changes-failed', err: error }))
  }, LOOK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}
