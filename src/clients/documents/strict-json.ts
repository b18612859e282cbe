/** A document says what it says in two levels, and its keys in four. */
const MOST_LEVELS = 8
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/**
 * A JSON text that every program reads alike: no member is named twice (RFC 8259 §4), and nothing is nested deeply.
 *
 * @throws {SyntaxError} for any other text.
 */
export function parseStrictly(text: string): unknown {
  const value: unknown = JSON.parse(text)
  // The text is JSON, so that its tokens are told apart by their first character.
  const open: Set<string>[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') {
      if (open.push(new Set()) > MOST_LEVELS) throw new SyntaxError(`is nested deeper than ${MOST_LEVELS} levels`)
    } else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      const name = String(JSON.parse(last))
      if (open.at(-1)?.has(name)) throw new SyntaxError('names a member twice')
      open.at(-1)?.add(name)
    } else last = token
  }
  return value
}
