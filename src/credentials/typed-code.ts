/** Arabic-Indic digits, and those of Persian and Urdu; both rows begin at a multiple of sixteen. */
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9]/g
/** Blanks and hyphens between groups, and invisible marks: a code that is copied may bring those of its sentence. */
const BETWEEN = /[\s\p{Pd}\p{Cf}]/gu

/** A code as it was made, however it is typed: groups, capitals, wide letters and the digits of the keyboard do not count. */
export function typedCode(text: string): string {
  return text
    .normalize('NFKC')
    .replace(BETWEEN, '')
    .replace(OTHER_DIGITS, (digit) => String(digit.charCodeAt(0) & 0xf))
    .toLowerCase()
}
