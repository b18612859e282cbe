/** Control characters, and those that turn the direction of a text: terminals and pages obey them instead of showing them. */
const OBEYED = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u
const ALL_OBEYED = new RegExp(OBEYED, 'gu')

/** True for one line that cannot rearrange what stands around it. */
export function isPlain(text: string): boolean {
  return !OBEYED.test(text)
}

/**
 * A text that others wrote, as one line for a terminal: what the terminal would obey is written as JSON writes it. A name
 * in a file of customers could otherwise clear the screen, or look like a line of ours.
 */
export function plain(text: string): string {
  return text.replaceAll(ALL_OBEYED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** The same for several lines. JSON stays the same value. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n')
}
