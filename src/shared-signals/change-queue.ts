import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import type { NewMessage } from '../outbox/message.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { openRounds, type Rounds } from '../rounds.ts'
import type { AccountChange } from './change-signals.ts'

export type ChangeQueueDeps = {
  readonly knex: Knex
  readonly outbox: Pick<Outbox, 'enqueue'>
  /** Whom a change is to be told to. */
  readonly expand: (change: AccountChange) => Promise<readonly NewMessage[]>
  readonly log: Pick<Log, 'warn'>
  readonly lookEveryMs?: number
}

type Row = {
  readonly seq: string | number
  readonly kind: AccountChange['kind']
  readonly account_id: string
  readonly detail: AccountChange['detail']
  readonly by: string | null
  readonly txn: string
  readonly occurred_at: Date
}

const TABLE = 'account_changes'
const BATCH = 200
const LOOK_EVERY_MS = 1000

/**
 * Turns the changes that the database noted into messages, in their order. A change is forgotten in the transaction that adds its
 * messages, so that each is told once whichever nodes are at it, and none is lost.
 */
export function openChangeQueue(deps: ChangeQueueDeps): Pick<Rounds, 'close'> {
  const { knex, outbox, expand, log, lookEveryMs = LOOK_EVERY_MS } = deps

  /** @returns whether there may be more. */
  async function tellSome(): Promise<boolean> {
    const rows: Row[] = await knex(TABLE).orderBy('seq').limit(BATCH)
    if (rows.length === 0) return false
    const messages: NewMessage[] = []
    for (const change of withoutRepeats(rows.map(toChange))) messages.push(...(await expand(change)))
    const seqs = rows.map(({ seq }) => seq)
    await knex
      .transaction(async (transaction) => {
        const removed = await transaction(TABLE).whereIn('seq', seqs).delete()
        if (removed < rows.length) throw new ToldElsewhere()
        await outbox.enqueue(messages, transaction)
      })
      .catch((error: unknown) => {
        if (!(error instanceof ToldElsewhere)) throw error
      })
    return rows.length === BATCH
  }

  async function tellAll(isClosing: () => boolean): Promise<void> {
    try {
      while (!isClosing() && (await tellSome()));
    } catch (error) {
      log.warn({ event: 'shared-signals.changes-failed', err: error })
    }
  }

  return openRounds({ run: tellAll, nextMs: () => lookEveryMs })
}

/** Another node had them first; its messages stand. */
class ToldElsewhere extends Error {}

/** What a person may do for a company is looked up when it is told: of several changes one is enough. */
function withoutRepeats(changes: readonly AccountChange[]): AccountChange[] {
  const last = new Map<string, AccountChange>()
  for (const change of changes) last.set(keyOf(change), change)
  return changes.filter((change) => last.get(keyOf(change)) === change)
}

function keyOf(change: AccountChange): string {
  const { kind, accountId, detail } = change
  if (kind === 'company-user') return `${kind}\n${accountId}\n${detail.companyUserId}`
  return `${kind}\n${accountId}\n${JSON.stringify(detail)}\n${change.txn}`
}

function toChange({ kind, account_id, detail, by, txn, occurred_at }: Row): AccountChange {
  return { kind, accountId: account_id, detail, ...(by !== null && { by }), txn, atMs: occurred_at.getTime() }
}
