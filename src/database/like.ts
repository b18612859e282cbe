/** Patterns of LIKE in which what people typed means itself, `%` and `_` too. */

/** Of texts that have this one somewhere. */
export function containing(text: string): string {
  return `%${literal(text)}%`
}

/** Of texts that begin so. */
export function beginningWith(text: string): string {
  return `${literal(text)}%`
}

function literal(text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}
