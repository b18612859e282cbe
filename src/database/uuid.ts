import { keyOfCursor } from './page.ts'

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i
/** Stands before every other. */
export const FIRST_UUID = '00000000-0000-0000-0000-000000000000'

/** Postgres would fail on anything else where a column wants a UUID, instead of finding nothing. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** The id that a page of rows ordered by their UUID ended at; the first of all without a cursor of ours. */
export function afterUuid(cursor: string | undefined): string {
  const after = keyOfCursor(cursor)
  return isUuid(after) ? after : FIRST_UUID
}
