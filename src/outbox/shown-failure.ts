import { toStorable } from '../database/storable.ts'

const MOST = 500

/** A text of somebody else about a failure, as it is kept for operators. */
export function shownFailure(text: string): string {
  return toStorable(text.slice(0, MOST))
}
