import type { Knex } from 'knex'
import type { Log } from '../log.ts'
import { unseal } from '../storage/seal.ts'
import { announceOverdue } from './causes.ts'
import { type EndingLog, SEALED } from './ending-log.ts'
import type { EndingRow } from './ending-rows.ts'
import type { SignInEnded } from './sign-in-ended.ts'
import type { createUnlogged } from './unlogged.ts'

/** Carries out an announced ending once more, and says up to when it ended what was granted. Nothing happens where it took effect before. */
export type EndAgain = (ending: UnsettledEnding) => Promise<number | undefined>

/** An ending that was announced; `bearer` is the id of the stored token or session that it ends, where that is needed. */
export type UnsettledEnding = { readonly event: SignInEnded; readonly expiresAtMs: number; readonly bearer?: string }

export type RepairDeps = {
  readonly knex: Knex
  readonly endingLog: Pick<EndingLog, 'announce' | 'unsettled' | 'settle' | 'write' | 'prune'>
  readonly unlogged: ReturnType<typeof createUnlogged>
  /** Any of them opens what was sealed. */
  readonly sealKeys: readonly string[]
  readonly endAgain: EndAgain
  /** Tells of an ending of which the process that announced it may not have told. */
  readonly publish: (event: SignInEnded) => Promise<void>
  /** Up to which place everybody has read the log. */
  readonly readUpTo: () => Promise<number>
  readonly log: Pick<Log, 'warn'>
  readonly everyMs?: number
  readonly afterMs?: number
}

export type Repair = { now(): Promise<void>; close(): Promise<void> }

const EVERY_MS = 5000
/** An ending takes milliseconds. What has not taken effect by then is of a process that died, or lost the database. */
const AFTER_MS = 10_000
const AT_ONCE = 100
const PRUNE_EVERY_MS = 600_000

/** Looks for endings that were announced and have no place, on every node, and carries them out. */
export function openRepair(deps: RepairDeps): Repair {
  const {
    knex,
    endingLog,
    unlogged,
    sealKeys,
    endAgain,
    publish,
    readUpTo,
    log,
    everyMs = EVERY_MS,
    afterMs = AFTER_MS,
  } = deps
  let prunedAtMs = 0
  let round: Promise<void> | undefined
  let isClosing = false

  async function repair(): Promise<void> {
    await unlogged.handOver(endingLog.write)
    await announceOverdue(knex, endingLog, afterMs)
    for (;;) {
      const rows = isClosing ? [] : await endingLog.unsettled(afterMs, AT_ONCE)
      let settled = 0
      for (const row of rows) settled += Number(await settle(row))
      // What stays may be another node's, or cannot be ended now.
      if (settled < AT_ONCE) break
    }
    if (Date.now() - prunedAtMs < PRUNE_EVERY_MS) return
    prunedAtMs = Date.now()
    await endingLog.prune(await readUpTo())
  }

  async function settle({ id, event, untilMs, sealed }: EndingRow): Promise<boolean> {
    const bearer = sealKeys.map((key) => sealed && unseal(key, SEALED, sealed)).find(Boolean)
    const cutOffMs = await endAgain({ event, expiresAtMs: untilMs, ...(bearer && { bearer }) })
    const isOurs = await endingLog.settle({ id }, cutOffMs)
    if (isOurs) await publish({ ...event, ...(cutOffMs !== undefined && { cutOffMs }) })
    return isOurs
  }

  function now(): Promise<void> {
    round ??= repair()
      .catch((error: unknown) => log.warn({ event: 'sign-in-endings.repair-failed', err: error }))
      .finally(() => {
        round = undefined
      })
    return round
  }

  const timer = setInterval(() => void now(), everyMs).unref()
  void now()
  return {
    now,
    async close() {
      isClosing = true
      clearInterval(timer)
      await round
    },
  }
}
