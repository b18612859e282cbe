/** What takes the place of a character that Postgres cannot keep. */
const REPLACEMENT = '\uFFFD'

/** What is wrong with a text that Postgres does not keep as it is. */
export const UNSTORABLE_TEXT = 'must not contain a NUL character or half of a surrogate pair'

/** Whether Postgres keeps this text as it is: no NUL (it fails), no half of a surrogate pair (it is stored as U+FFFD). */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** The nearest text that Postgres keeps as it is. */
export function toStorable(text: string): string {
  return text.toWellFormed().replaceAll('\0', REPLACEMENT)
}

/** Deeper nesting is no record of a shop, and overflows the stack of the programs that write it. */
const MOST_LEVELS = 64

/** Why a parsed JSON document cannot be kept, with the place in it; undefined when it can. */
export function unstorable(document: unknown): string | undefined {
  const open = [{ value: document, path: '', level: 0 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path, level } = next
    const said = (reason: string) => (path === '' ? reason : `${path}: ${reason}`)
    if (typeof value === 'string' && !isStorable(value)) return said(UNSTORABLE_TEXT)
    if (typeof value !== 'object' || value === null) continue
    if (level >= MOST_LEVELS) return `is nested deeper than ${MOST_LEVELS} levels`
    for (const [name, member] of Object.entries(value)) {
      if (!isStorable(name)) return said(`has a name that ${UNSTORABLE_TEXT}`)
      open.push({ value: member, path: path === '' ? name : `${path}.${name}`, level: level + 1 })
    }
  }
  return undefined
}
