/** What takes the place of a character that Postgres cannot keep. */
const REPLACEMENT = '\uFFFD'

/** Why Postgres does not keep a text as it is: it fails on NUL and stores half of a surrogate pair as U+FFFD. */
export function textFlaw(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain a NUL character'
  return text.isWellFormed() ? undefined : 'must not contain half of a surrogate pair'
}

/** Whether Postgres keeps this text as it is. */
export function isStorable(text: string): boolean {
  return textFlaw(text) === undefined
}

/** The nearest text that Postgres keeps as it is. */
export function toStorable(text: string): string {
  return text.toWellFormed().replaceAll('\0', REPLACEMENT)
}

/** An index takes 2,700 bytes, and a character has four at most. No id of ours is as long. */
const MOST_INDEXED = 500

/** Whether an index takes this text, and Postgres keeps it as it is. */
export function isIndexable(text: string): boolean {
  return text.length <= MOST_INDEXED && isStorable(text)
}

/** The text as an index takes it, in a form that Postgres keeps. */
export function toIndexable(text: string): string {
  return toStorable(text.slice(0, MOST_INDEXED))
}

/** Deeper nesting is no record of a shop, and overflows the stack of the programs that write it. */
const MOST_LEVELS = 64

/** Why a parsed JSON document cannot be kept, with the place in it; undefined when it can. */
export function unstorable(document: unknown): string | undefined {
  const open = [{ value: document, path: '', level: 0 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path, level } = next
    const said = (reason: string) => (path === '' ? reason : `${path}: ${reason}`)
    const flaw = typeof value === 'string' ? textFlaw(value) : undefined
    if (flaw) return said(flaw)
    if (typeof value !== 'object' || value === null) continue
    if (level >= MOST_LEVELS) return `is nested deeper than ${MOST_LEVELS} levels`
    for (const [name, member] of Object.entries(value)) {
      const nameFlaw = textFlaw(name)
      if (nameFlaw) return said(`has a name that ${nameFlaw}`)
      open.push({ value: member, path: path === '' ? name : `${path}.${name}`, level: level + 1 })
    }
  }
  return undefined
}
