/** Text that is the same in JSON. */
const PLAIN = /^[ !#-[\]-~]*$/

/** A text as JSON writes it between its quotes. */
export function insideQuotes(text: string): string {
  return PLAIN.test(text) ? text : JSON.stringify(text).slice(1, -1)
}

/** Members as JSON writes them, each with a comma before it. */
export function membersText(members: object): string {
  const text = JSON.stringify(members).slice(1, -1)
  return text === '' ? '' : `,${text}`
}
