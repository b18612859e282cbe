import { hash } from 'node:crypto'

/** What a reader saw of something: changes whenever any of it changes. Goes into an `ETag` (RFC 9110 §8.8.3). */
export function revisionOf(value: object): string {
  return hash('sha256', JSON.stringify(value), 'base64url').slice(0, 27)
}

/** True when `seen` is what `value` is now; `*` matches every revision. */
export function isRevision(seen: string, value: object): boolean {
  return seen === '*' || seen === revisionOf(value)
}

/** What became of a change that was made to something seen before. */
export type Changed<T> =
  | { readonly outcome: 'changed'; readonly now: T; readonly before: T }
  /** There is nothing of that name. */
  | { readonly outcome: 'unknown' }
  /** Another caller changed it since it was read. */
  | { readonly outcome: 'changed-meanwhile' }
