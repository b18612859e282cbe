import { parseAst } from 'vitest/node'
import type { Source } from './import-rules.ts'

type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<Record<string, unknown>>

/** Functions, methods and types of either with more than `most` parameters: callers cannot tell them apart. */
export function parameterViolations(sources: readonly Source[], most: number): string[] {
  return visit(sources, ({ path, text }, node) => {
    const { params } = node
    // Type parameters hang from a node that has `params` as well.
    if (!Array.isArray(params) || !/Function|Signature|Method/.test(node.type) || params.length <= most) return []
    return [
      `${path}:${lineAt(text, node.start)}: ${params.length} parameters; take an object for those after the first`,
    ]
  })
}

/** Casts without their reason in a comment: on one of their lines, or on the line above. `as const` needs none. */
export function castViolations(sources: readonly Source[]): string[] {
  return visit(sources, ({ path, text }, node) => {
    if (node.type !== 'TSAsExpression' || /\bas\s+const$/.test(text.slice(node.start, node.end))) return []
    const lines = text.split('\n').slice(Math.max(0, lineAt(text, node.start) - 2), lineAt(text, node.end))
    const [above = '', ...own] = lineAt(text, node.start) === 1 ? ['', ...lines] : lines
    if (IS_COMMENT.test(above) || own.some((line) => ENDS_WITH_COMMENT.test(line))) return []
    return [`${path}:${lineAt(text, node.start)}: a cast without its reason beside it`]
  })
}

const IS_COMMENT = /^\s*(?:\/\/|\/\*|\*)/
/** An address in a text has no blank around its slashes. */
const ENDS_WITH_COMMENT = /(?:^|\s)\/\/ /

function visit(sources: readonly Source[], judge: (source: Source, node: Node) => string[]): string[] {
  return sources
    .filter(({ path }) => !path.endsWith('.d.ts'))
    .flatMap((source) => nodesIn(parseAst(source.text, { lang: 'ts' })).flatMap((node) => judge(source, node)))
}

function nodesIn(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return []
  const below = Object.values(value).flatMap(nodesIn)
  return 'type' in value && 'start' in value ? [value as Node, ...below] : below
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
