import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { carryOut } from '../oauth/sign-outs/carry-out.ts'
import type { SignInEndings } from '../oauth/sign-outs/sign-in-endings.ts'
import { type Expanders, openExpanders } from '../outbox/expanders.ts'
import { createOutboxOperations, type OutboxOperations, type OwnQueue } from '../outbox/operations.ts'
import { type Outbox, openOutbox } from '../outbox/outbox.ts'
import { type EndingLog, openEndingLog } from '../sign-in-endings/ending-log.ts'
import { openRepair, type Repair } from '../sign-in-endings/repair.ts'
import { createUnlogged } from '../sign-in-endings/unlogged.ts'
import type { Storage } from '../storage/storage.ts'
import type { CloseStep } from './close-step.ts'

/** What tells others of endings: the log, those who read it, and what waits to be sent. */
export type SignInSignals = {
  readonly endingLog: EndingLog
  readonly unlogged: ReturnType<typeof createUnlogged>
  readonly outbox: Outbox
  readonly expanders: Expanders
  readonly outboxOperations: OutboxOperations
  /** The longest an access token can live; seconds. */
  readonly longestTokenSeconds: () => number
}

type SignalDeps = {
  readonly database: Database
  readonly storage: Storage
  readonly metrics: Metrics
  readonly sealKeys: readonly [string, ...string[]]
  readonly longestTokenSeconds: () => number
  /** Queues with tables of their own, by their kind. */
  readonly ownQueues: Readonly<Record<string, OwnQueue | undefined>>
}

/** The log is closed last: what is read from it and sent goes before. */
export function openSignals(
  log: Log,
  { database, storage, metrics, sealKeys, longestTokenSeconds, ownQueues }: SignalDeps,
  closeSteps: CloseStep[],
): SignInSignals {
  const { knex } = database
  const unlogged = createUnlogged(storage)
  const endingLog = openEndingLog({ database, log, sealKeys, keepUnlogged: unlogged.keep, longestTokenSeconds })
  closeSteps.push(endingLog.close)
  const onAttempt = (kind: string, outcome: string) => metrics.outboxAttempts.inc({ kind, outcome })
  const outbox = openOutbox({ knex, log, onAttempt })
  closeSteps.push(outbox.close)
  const expanders = openExpanders({ knex, endingLog, outbox, log })
  closeSteps.push(expanders.close)
  const queues = Object.entries(ownQueues).filter((pair): pair is [string, OwnQueue] => pair[1] !== undefined)
  const outboxOperations = createOutboxOperations({ knex, ownQueues: new Map(queues), outbox })
  return { endingLog, unlogged, outbox, expanders, outboxOperations, longestTokenSeconds }
}

type RepairBackends = Pick<SignInSignals, 'endingLog' | 'unlogged' | 'expanders'> & {
  readonly database: Database
  readonly storage: Storage
  readonly tokenKeys: readonly string[]
  readonly publishSignInEnded: SignInEndings['publishSignInEnded']
}

/** Carries out what a process announced and did not do before it died. */
export function repairEndings(
  log: Log,
  { database, endingLog, unlogged, expanders, storage, tokenKeys, publishSignInEnded }: RepairBackends,
): Repair {
  return openRepair({
    knex: database.knex,
    endingLog,
    unlogged,
    sealKeys: tokenKeys,
    endAgain: (ending) => carryOut(storage, ending),
    publish: publishSignInEnded,
    readUpTo: expanders.readUpTo,
    log,
  })
}
