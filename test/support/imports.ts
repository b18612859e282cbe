export type Import = {
  readonly specifier: string
  /** `import type` and `export type`; `import { type X }` still loads the module and is not. */
  readonly isTypeOnly: boolean
}

const STATIC = /^[ \t]*import\b\s*(?:(type)\s+(?!from\b))?(?:[\w$\s{},*]+?\s*from\s*)?['"]([^'"]+)['"]/gm
const REEXPORT = /^[ \t]*export\s+(?:(type)\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\s*['"]([^'"]+)['"]/gm
const DYNAMIC = /\bimport\s*\(\s*['"]([^'"]+)['"]/g
const REQUIRE = /\b(?:require|createRequire\([^)]*\))\s*\(\s*['"]([^'"]+)['"]/g

/** Every module a TypeScript source names: imports, re-exports, `import()` and `require()` of a literal. */
export function importsOf(source: string): Import[] {
  const code = withoutComments(source)
  const statements = [...code.matchAll(STATIC), ...code.matchAll(REEXPORT)].map(([, type, specifier = '']) => ({
    specifier,
    isTypeOnly: type !== undefined,
  }))
  const calls = [...code.matchAll(DYNAMIC), ...code.matchAll(REQUIRE)].map(([, specifier = '']) => ({
    specifier,
    isTypeOnly: false,
  }))
  return [...statements, ...calls]
}

/** The source with comments and the text of template literals left out, so that neither is taken for code. */
export function withoutComments(source: string): string {
  let code = ''
  let at = 0
  while (at < source.length) {
    const end = endOfToken(source, at, code)
    const token = source.slice(at, end)
    if (token.startsWith('//') || token.startsWith('/*')) code += ' '
    else code += token.length > 1 && token.startsWith('`') ? '``' : token
    at = end
  }
  return code
}

/** Where the comment, string, template or regular expression at `at` ends; one character on for anything else. */
function endOfToken(source: string, at: number, before: string): number {
  const two = source.slice(at, at + 2)
  if (two === '//') return indexOrEnd(source, '\n', at)
  if (two === '/*') return indexOrEnd(source, '*/', at + 2) + 2
  const first = source[at] ?? ''
  if (first === '`') return endOfQuoted(source, at, '`', true)
  if (first === "'" || first === '"') return endOfQuoted(source, at, first, false)
  if (first === '/' && startsExpression(before)) return endOfRegExp(source, at)
  return at + 1
}

function indexOrEnd(source: string, text: string, from: number): number {
  const index = source.indexOf(text, from)
  return index < 0 ? source.length : index
}

function endOfQuoted(source: string, at: number, quote: string, mayBreakLines: boolean): number {
  for (let index = at + 1; index < source.length; index++) {
    if (source[index] === '\\') index++
    else if (source[index] === quote) return index + 1
    else if (source[index] === '\n' && !mayBreakLines) return index
  }
  return source.length
}

function endOfRegExp(source: string, at: number): number {
  let isInClass = false
  for (let index = at + 1; index < source.length; index++) {
    const character = source[index]
    if (character === '\\') index++
    else if (character === '\n') return index
    else if (character === '[') isInClass = true
    else if (character === ']') isInClass = false
    else if (character === '/' && !isInClass) return index + 1
  }
  return source.length
}

/** After an operator, a slash opens a regular expression; after a value, it divides. */
function startsExpression(before: string): boolean {
  return /(?:^|[(,=:[!&|?{};+>]|\breturn)\s*$/.test(before.slice(-40))
}
