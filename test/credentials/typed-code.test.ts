import { expect, test } from 'vitest'
import { typedCode } from '../../src/credentials/typed-code.ts'

test.each([
  ['as it is', '482913'],
  ['in groups', ' 482 913\n'],
  ['with no-break blanks and hyphens', '482\u00a0-\u2011913'],
  ['with Arabic-Indic digits', '٤٨٢ ٩١٣'],
  ['with Persian digits', '۴۸۲ ۹۱۳'],
  ['with wide digits', '４８２９１３'],
  ['with the marks of a sentence from right to left', '\u2068482913\u2069\u200f'],
])('a code typed %s is the code', (_, typed) => {
  expect(typedCode(typed)).toBe('482913')
})

test.each(['48２91З', '482913a', '4829', '½82913', ''])('%j does not become another code', (typed) => {
  expect(typedCode(typed)).not.toBe('482913')
})
