import { expect, test } from 'vitest'
import { importsOf } from './imports.ts'

const specifiers = (source: string) => importsOf(source).map(({ specifier }) => specifier)

test('every form of import is found', () => {
  const source = [
    "import 'a'",
    "import b from 'b'",
    "import * as c from 'c'",
    "import d, { e } from 'd'",
    'import {',
    '  type F,',
    '  g as h,',
    "} from 'f'",
    "export * as i from 'i'",
    "export { j } from 'j'",
    "  const k = await import('k')",
    "const l = createRequire(import.meta.url)('l')",
    "import m from 'm' with { type: 'json' }",
  ].join('\n')
  expect(specifiers(source).sort()).toEqual(['a', 'b', 'c', 'd', 'f', 'i', 'j', 'k', 'l', 'm'])
})

test('only import type and export type are types alone', () => {
  const types = (line: string) => importsOf(line).map(({ isTypeOnly }) => isTypeOnly)
  expect(types("import type { A } from 'a'")).toEqual([true])
  expect(types("import type A from 'a'")).toEqual([true])
  expect(types("export type { A } from 'a'")).toEqual([true])
  expect(types("import { type A } from 'a'")).toEqual([false])
  expect(types("import type from 'a'")).toEqual([false])
})

test('comments and texts are not imports', () => {
  const source = [
    "// import a from 'a'",
    '/*',
    "import b from 'b'",
    '*/',
    'const text = `',
    "import c from 'c'",
    '`',
    "export const d = 'import'",
  ].join('\n')
  expect(specifiers(source)).toEqual([])
})

test('quotes in regular expressions and slashes in strings hide no import', () => {
  const source = [
    "const quote = text.replace(/[/'\"`]/g, '')",
    "const url = 'http://localhost'",
    "const glob = 'src/**'",
    'const half = width / 2',
    "import late from 'late'",
  ].join('\n')
  expect(specifiers(source)).toEqual(['late'])
})
