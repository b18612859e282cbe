import type { ChainProblem } from './chain.ts'

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

/** A problem of the trail as a sentence without its full stop. */
export function describeProblem(problem: TrailProblem): string {
  switch (problem.problem) {
    case 'changed':
      return `entry ${problem.seq} was changed`
    case 'missing':
      return problem.upTo === undefined
        ? `entry ${problem.seq} was removed`
        : `entries ${problem.seq} to ${problem.upTo} were removed`
    case 'inserted':
      return `entry ${problem.seq} was inserted`
    case 'cut off':
      return 'the newest entries were removed'
    case 'beginning removed':
      return 'the oldest entries were removed before AUDIT_RETENTION_DAYS ended'
    case 'rewritten':
      return `entry ${problem.seq} differs from the file: the chain was rewritten`
    case 'witness too old':
      return `entry ${problem.seq}, the newest in the file, was removed after AUDIT_RETENTION_DAYS: compare with a newer file`
  }
}
