import type { Knex } from 'knex'
import { type ChainEnds, chainEnds, readEntries } from './audit-rows.ts'
import { type AuditEntry, createChainCheck, GENESIS, type Link } from './chain.ts'
import { prunedUpTo } from './retention.ts'
import type { TrailProblem } from './trail-problem.ts'

/** Both `problem` members are absent when the trail is whole. */
export type Verdict = {
  /** Entries that are whole from the beginning to the first problem. */
  readonly entries: number
  readonly head: Link
  /** The first of `problems`. */
  readonly problem?: TrailProblem
  /** In the order of the chain; at most 1000. */
  readonly problems?: readonly TrailProblem[]
  /** Problems beyond those in `problems`. */
  readonly moreProblems?: number
}

const MOST_TOLD = 1000

/**
 * Follows the whole chain and tells every problem. A person who can write to the database can make another chain that is
 * whole: only a `witness`, a link that was kept elsewhere, shows it.
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
  const problems = createProblems()
  let entries = 0
  let last = start
  let isBeginning = start.seq === GENESIS.seq && start.hash === GENESIS.hash
  let seen = witness?.seq === start.seq ? start : undefined
  for await (const entry of readEntries(knex, start.seq)) {
    if (entry.seq > head.seq) {
      const isNew = (await chainEnds(knex)).head.seq >= entry.seq
      if (isNew) break
      problems.add({ seq: entry.seq, problem: 'inserted' })
      continue
    }
    problems.add(check(entry))
    if (problems.isEmpty()) entries += 1
    last = entry
    isBeginning ||= isPruneOf(entry, start)
    if (entry.seq === witness?.seq) seen = entry
  }
  if (last.seq !== head.seq || (last.hash !== head.hash && !problems.isOf(last.seq)))
    problems.add({ problem: 'cut off' })
  if (!isBeginning) problems.add({ problem: 'beginning removed' })
  if (witness) problems.add(doubt(witness, seen, { start, last }))
  return { entries, head, ...problems.told() }
}

/** Collects problems, each once, and only so many of them. */
function createProblems() {
  const told: TrailProblem[] = []
  let count = 0
  let newest: TrailProblem | undefined
  return {
    add(problem: TrailProblem | undefined): void {
      if (!problem || (problem.problem === 'cut off' && newest?.problem === 'cut off')) return
      newest = problem
      count += 1
      if (told.length < MOST_TOLD) told.push(problem)
    },
    isEmpty: () => count === 0,
    isOf: (seq: number) => newest !== undefined && 'seq' in newest && newest.seq === seq,
    told: (): Omit<Verdict, 'entries' | 'head'> => ({
      ...(told[0] && { problem: told[0], problems: told }),
      ...(count > told.length && { moreProblems: count - told.length }),
    }),
  }
}

function isPruneOf(entry: AuditEntry, start: Link): boolean {
  return entry.type === 'audit.pruned' && prunedUpTo(entry) === start.seq
}

/** What a witness has against a chain in which `seen` is in its place; a gap in that place is told already. */
function doubt(
  witness: Link,
  seen: Link | undefined,
  { start, last }: { readonly start: Link; readonly last: Link },
): TrailProblem | undefined {
  if (seen?.hash === witness.hash) return undefined
  if (seen) return { seq: witness.seq, problem: 'rewritten' }
  if (witness.seq < start.seq) return { seq: witness.seq, problem: 'witness too old' }
  return witness.seq > last.seq ? { problem: 'cut off' } : undefined
}
