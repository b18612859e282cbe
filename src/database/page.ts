/** Which part of a list is asked for: at most `limit` items after the place where another page ended. */
export type PageRequest = { readonly limit: number; readonly cursor?: string }

/** A part of a list; `next` asks for the part after it and is absent at the end. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next?: string }

/**
 * Makes a page of rows that were read in the order of `keyOf`: one more than `limit`, so that the end is known without
 * counting.
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(toItem),
    ...(rows.length > limit && last !== undefined && { next: cursorOf(keyOf(last)) }),
  }
}

/** What asks for the page after the one that ended at `key`. */
export function cursorOf(key: string): string {
  return Buffer.from(key).toString('base64url')
}

/** The key that a page ended at; the empty string, which stands before every key, without a cursor. */
export function keyOfCursor(cursor: string | undefined): string {
  return cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString().replaceAll('\0', '')
}

/** The same of a list in the order of whole numbers; undefined without a cursor of ours. */
export function numberOfCursor(cursor: string | undefined): number | undefined {
  const key = keyOfCursor(cursor)
  const number = Number(key)
  return /^\d+$/.test(key) && Number.isSafeInteger(number) ? number : undefined
}
