import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { openRounds } from '../rounds.ts'
import type { EndingLog } from '../sign-in-endings/ending-log.ts'
import type { LoggedEnding } from '../sign-in-endings/ending-rows.ts'
import type { NewMessage } from './message.ts'
import type { Outbox } from './outbox.ts'

/** Whom an ending is to be told to. It may ask the database, and is asked again after a crash. */
export type Expander = (ending: LoggedEnding) => Promise<readonly NewMessage[]>

/** Turn endings into messages: every ending once for each expander, in order, whichever node is at it. */
export type Expanders = {
  /** One that is seen for the first time gets what ends from now on. */
  registerExpander(name: string, expand: Expander): Promise<void>
  /** Endings that expanders have yet to read, by name. */
  behind(): Promise<ReadonlyMap<string, number>>
  /** The place up to which all have read: those of the past that are not registered any more included. */
  readUpTo(): Promise<number>
  close(): Promise<void>
}

export type ExpanderDeps = {
  readonly knex: Knex
  readonly endingLog: Pick<EndingLog, 'after' | 'head' | 'onNew'>
  readonly outbox: Pick<Outbox, 'enqueue'>
  readonly log: Pick<Log, 'warn'>
  readonly batch?: number
}

const BATCH = 200
/** A node that died gives way after it. One that is slower than this does its work in vain: the cursor decides whose messages count. */
const HELD_SECONDS = 5
const FIRST_DELAY_MS = 1000
const MAX_DELAY_MS = 60_000

export function openExpanders({ knex, endingLog, outbox, log, batch = BATCH }: ExpanderDeps): Expanders {
  const holder = randomUUID()
  const closers: (() => Promise<void>)[] = []

  /** `elsewhere`: another node is at it, or died at it, and there is more to do. */
  async function expandSome(name: string, expand: Expander): Promise<'more' | 'done' | 'elsewhere'> {
    const from = await take(name)
    if (from === undefined) return (await isBehind(name)) ? 'elsewhere' : 'done'
    const endings = await endingLog.after(from, batch)
    const last = endings.at(-1)
    if (!last) return 'done'
    const messages = (await Promise.all(endings.map(expand))).flat()
    await knex.transaction(async (transaction) => {
      const moved = await transaction('outbox_cursors')
        .where({ name, held_by: holder, seq: from })
        .update({ seq: last.seq })
      // Another node took over and made these messages.
      if (moved > 0) await outbox.enqueue(messages, transaction)
    })
    return 'more'
  }

  async function isBehind(name: string): Promise<boolean> {
    const cursor = await knex<Cursor>('outbox_cursors').where({ name }).first('seq')
    return Number(cursor?.seq) < (await endingLog.head())
  }

  /** @returns the place to go on after; undefined while another node is at it. */
  async function take(name: string): Promise<number | undefined> {
    const [taken] = await knex('outbox_cursors')
      .where({ name })
      .where((free) => free.where({ held_by: holder }).orWhereRaw('held_until < now()'))
      // Knex types no raw values in an update.
      .update({ held_by: holder, held_until: knex.raw(`now() + interval '${HELD_SECONDS} seconds'`) } as object)
      .returning<{ seq: string }[]>('seq')
    return taken && Number(taken.seq)
  }

  function run(name: string, expand: Expander): () => Promise<void> {
    let failures = 0
    let isElsewhere = false

    async function expandAll(isClosing: () => boolean): Promise<void> {
      try {
        let step: Awaited<ReturnType<typeof expandSome>> = 'more'
        while (!isClosing() && step === 'more') {
          step = await expandSome(name, expand)
          failures = 0
        }
        isElsewhere = step === 'elsewhere'
      } catch (error) {
        failures += 1
        log.warn({ event: 'outbox.expand-failed', expander: name, failures, err: error })
      }
    }
    /** Should the node that is at it have died, nothing else would tell of what it left. */
    function nextMs(isWoken: boolean): number | undefined {
      if (failures > 0) return Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), MAX_DELAY_MS)
      return isWoken ? 0 : isElsewhere ? FIRST_DELAY_MS : undefined
    }
    const rounds = openRounds({ run: expandAll, nextMs })
    const endListening = endingLog.onNew(rounds.wake)
    return async () => {
      endListening()
      await rounds.close()
      // As above.
      const free = { held_by: null, held_until: knex.raw('now()') } as object
      await knex('outbox_cursors')
        .where({ name, held_by: holder })
        .update(free)
        .catch(() => {})
    }
  }

  return {
    async registerExpander(name, expand) {
      await knex('outbox_cursors')
        .insert({ name, seq: await endingLog.head() })
        .onConflict('name')
        .ignore()
      closers.push(run(name, expand))
    },
    async behind() {
      const [head, cursors] = await Promise.all([
        endingLog.head(),
        knex<Cursor>('outbox_cursors').select('name', 'seq'),
      ])
      return new Map(cursors.map(({ name, seq }) => [name, Math.max(0, head - Number(seq))]))
    },
    async readUpTo() {
      const row = await knex<Cursor>('outbox_cursors').min<{ least: string | null }>('seq as least').first()
      return row?.least == null ? endingLog.head() : Number(row.least)
    },
    async close() {
      await Promise.all(closers.map((close) => close()))
    },
  }
}

type Cursor = { readonly name: string; readonly seq: string | number }
