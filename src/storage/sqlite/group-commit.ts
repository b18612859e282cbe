import type { DatabaseSync } from 'node:sqlite'
import { Unavailable } from '../../http/unavailable.ts'
import { codeOf } from '../../thrown.ts'

/** Runs a write with those of other requests, and answers after the commit. */
export type CommitWrite = <T>(write: () => T) => Promise<T>

type Waiting = {
  readonly write: () => unknown
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}
type Outcome = { readonly answer: unknown } | { readonly error: unknown }

/**
 * Commits together what one turn of the event loop wants to write: a commit costs as much as several writes. Writes run in
 * the order in which they came, each alone; between two turns everything is committed, so reads see no write that may
 * still fail. `assertRoom` is asked before each commit.
 */
export function createGroupCommit(file: DatabaseSync, assertRoom: () => void): CommitWrite {
  const [begin, commit, rollback] = ['begin immediate', 'commit', 'rollback'].map((sql) => file.prepare(sql))
  let waiting: Waiting[] = []

  function writeAll(group: readonly Waiting[]): Outcome[] {
    try {
      assertRoom()
      begin?.run()
      const outcomes = group.map(({ write }) => attempt(write))
      commit?.run()
      return outcomes
    } catch (error) {
      if (file.isOpen && file.isTransaction) rollback?.run()
      return group.map(() => ({ error: asUnavailable(error) }))
    }
  }

  /** A write that fails alone leaves the others; SQLite ends the transaction where none of it can be kept. */
  function attempt(write: () => unknown): Outcome {
    try {
      return { answer: write() }
    } catch (error) {
      if (!file.isTransaction) throw error
      return { error: asUnavailable(error) }
    }
  }

  function commitGroup(): void {
    const group = waiting
    waiting = []
    const outcomes = writeAll(group)
    for (const [index, { resolve, reject }] of group.entries()) {
      const outcome = outcomes[index]
      if (outcome && 'answer' in outcome) resolve(outcome.answer)
      else reject(outcome?.error)
    }
  }

  return <T>(write: () => T) =>
    new Promise<T>((resolve, reject) => {
      if (waiting.length === 0) setImmediate(commitGroup)
      // The answer is that of `write`.
      waiting.push({ write, resolve: resolve as (answer: unknown) => void, reject })
    })
}

/** What SQLite says of its file is an outage; everything else is a mistake of ours. */
export function asUnavailable(error: unknown): unknown {
  return codeOf(error) === 'ERR_SQLITE_ERROR' ? new Unavailable('storage', error) : error
}
