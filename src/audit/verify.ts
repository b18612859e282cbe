import type { Knex } from 'knex'
import { type ChainEnds, chainEnds, readEntries } from './audit-rows.ts'
import { type AuditEntry, type ChainProblem, createChainCheck, GENESIS, type Link } from './chain.ts'
import { prunedUpTo } from './retention.ts'

export type TrailProblem =
  | ChainProblem
  /** A row that no writer of ours put there. */
  | { readonly seq: number; readonly problem: 'inserted' }
  /** The newest entries are gone. */
  | { readonly problem: 'cut off' }
  /** The oldest entries are gone, and no retention removed them. */
  | { readonly problem: 'beginning removed' }
  /** The chain is whole, and it is another one than the witness saw. */
  | { readonly seq: number; readonly problem: 'rewritten' }
  /** The witness is older than what is kept: a newer one is needed. */
  | { readonly seq: number; readonly problem: 'witness too old' }

export type Verdict = { readonly entries: number; readonly head: Link; readonly problem?: TrailProblem }

/**
 * Follows the whole chain. Whoever can write to the database can make another chain that is whole: only a `witness`, a
 * link that was kept elsewhere, shows it.
 */
export async function verifyTrail(knex: Knex, witness?: Link): Promise<Verdict> {
  const ends = await chainEnds(knex)
  const verdict = await follow(knex, ends, witness)
  if (!verdict.problem) return verdict
  // Retention may have taken the beginning away while it was read.
  const { start } = await chainEnds(knex)
  return start.seq === ends.start.seq ? verdict : verifyTrail(knex, witness)
}

async function follow(knex: Knex, { start, head }: ChainEnds, witness: Link | undefined): Promise<Verdict> {
  const check = createChainCheck(start)
  let entries = 0
  let last = start
  let isBeginning = start.seq === GENESIS.seq && start.hash === GENESIS.hash
  let seen = witness?.seq === start.seq ? start : undefined
  for await (const entry of readEntries(knex, start.seq)) {
    if (entry.seq > head.seq) {
      const isNew = (await chainEnds(knex)).head.seq >= entry.seq
      if (isNew) break
      return { entries, head, problem: { seq: entry.seq, problem: 'inserted' } }
    }
    const problem = check(entry)
    if (problem) return { entries, head, problem }
    entries += 1
    last = entry
    isBeginning ||= isPruneOf(entry, start)
    if (entry.seq === witness?.seq) seen = entry
  }
  if (last.seq !== head.seq || last.hash !== head.hash) return { entries, head, problem: { problem: 'cut off' } }
  if (!isBeginning) return { entries, head, problem: { problem: 'beginning removed' } }
  const problem = witness && doubt(witness, seen, start)
  return { entries, head, ...(problem && { problem }) }
}

function isPruneOf(entry: AuditEntry, start: Link): boolean {
  return entry.type === 'audit.pruned' && prunedUpTo(entry) === start.seq
}

/** What a witness has against a chain in which `seen` is in its place. */
function doubt(witness: Link, seen: Link | undefined, start: Link): TrailProblem | undefined {
  if (seen?.hash === witness.hash) return undefined
  if (seen) return { seq: witness.seq, problem: 'rewritten' }
  return witness.seq < start.seq ? { seq: witness.seq, problem: 'witness too old' } : { problem: 'cut off' }
}
