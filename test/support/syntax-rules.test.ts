import { expect, test } from 'vitest'
import { castViolations, parameterViolations } from './syntax-rules.ts'

const source = (...lines: string[]) => ({ path: 'src/a.ts', text: lines.join('\n') })
const tooMany = (line: string) => parameterViolations([source(line)], 2).length > 0

test.each([
  'function add(a: number, b: number, c: number) {}',
  'const add = (a: number, b: number, c: number) => a',
  'const sum = { add(a: number, b = 1, ...c: number[]) {} }',
  'class Sum { add(a: number, b: number, c: number) {} }',
  'class Sum { constructor(a: number, b: number, c: number) {} }',
  'type Add = (a: number, b: number, c: number) => void',
  'type Sum = { add(a: number, b: number, c: number): void }',
  'interface Sum { (a: number, b: number, c: number): void }',
  'declare function add(a: number, b: number, c: number): void',
  'export function outer(a: number) { return function inner({ b }: B, [c]: C, d: D) {} }',
])('too many parameters are found in %s', (line) => {
  expect(tooMany(line)).toBe(true)
})

test.each([
  'function add(a: number, b: number) {}',
  'const add = (a: number, { b, c, d }: Rest) => a',
  'function typed<A, B, C>(a: A) {}',
  'type Typed<A, B, C> = A | B | C',
  'const typed: Map<A, B, C> = call(a, b, c, d)',
  '// function add(a: number, b: number, c: number) {}',
  "const text = 'function add(a, b, c) {}'",
])('nothing is found in %s', (line) => {
  expect(tooMany(line)).toBe(false)
})

test('a function is named by file and line', () => {
  expect(parameterViolations([source('', 'function add(a, b, c) {}')], 2)).toEqual([
    'src/a.ts:2: 3 parameters; take an object for those after the first',
  ])
})

test.each([
  ['on its line', 'const a = b as C // read from our own table'],
  ['on the line above', '// Read from our own table.', 'const a = b as C'],
  ['in the sentence of an export', '/** What the table says. */', 'export const a = b as C'],
  ['on its last line', 'const a = {', '  b,', '} as C // the library asks for more'],
])('a cast may have its reason %s', (_, ...lines) => {
  expect(castViolations([source(...lines)])).toEqual([])
})

test.each([
  ['at the start of a file', 'const a = b as C'],
  ['two lines below a comment', '// A reason.', 'const d = 1', 'const a = b as C'],
  ['beside an address', "const a = 'https://shop.example' as C"],
  ['through unknown', '', 'const a = b as unknown as C'],
])('a cast without a reason is found %s', (_, ...lines) => {
  expect(castViolations([source(...lines)])[0]).toContain('a cast without its reason')
})

test('what is no cast to another type needs no reason', () => {
  expect(
    castViolations([source("import { a as b } from 'c'", "const d = ['e'] as const", "const f = 'a as b'")]),
  ).toEqual([])
})
