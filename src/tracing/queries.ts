import type { Span, Tracing } from './tracing.ts'

type Query = { readonly __knexQueryUid: string; readonly sql: string }
type QueryEvents = { on(event: string, listener: (first: unknown, second: unknown) => void): unknown }

/** Makes each query a span. Of its text the verb and the table are told; values are apart from it anyway. */
export function traceQueries(tracing: Tracing, knex: QueryEvents): void {
  const underWay = new Map<string, Span>()
  const end = (id: string, error?: unknown) => {
    underWay.get(id)?.end(error)
    underWay.delete(id)
  }
  knex.on('query', (query) => {
    const { __knexQueryUid: id, sql } = query as Query // knex documents its events and does not type them
    const { verb, table } = readQuery(sql)
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': verb, 'db.collection.name': table }
    const span = tracing.begin(['query', verb, table].filter(Boolean).join(' '), attributes)
    if (span) underWay.set(id, span)
  })
  knex.on('query-response', (_response, query) => end((query as Query).__knexQueryUid)) // as above
  knex.on('query-error', (error, query) => end((query as Query).__knexQueryUid, error)) // as above
}

/** Enough of SQL to say what it is about; what is in parentheses is beside the point. */
export function readQuery(sql: string): { verb: string; table?: string } {
  const [verb = ''] = sql.trimStart().toLowerCase().split(/\W/, 1)
  const [, table] = /\b(?:from|into|update|join)\s+"?(\w+)/i.exec(withoutParentheses(sql)) ?? []
  return { verb, ...(table && { table: table.toLowerCase() }) }
}

function withoutParentheses(sql: string): string {
  const shorter = sql.replace(/\([^()]*\)/g, '')
  return shorter === sql ? sql : withoutParentheses(shorter)
}
