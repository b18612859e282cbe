import type { Knex } from 'knex'

export type WatchedQuery = { readonly kind: string; readonly outcome: 'ok' | 'error'; readonly seconds: number }

type QueryEvent = { readonly __knexQueryUid?: string; readonly method?: string }

const KINDS = ['select', 'first', 'insert', 'update', 'del', 'raw'] as const

/** Reports every query of `knex`, transactions included, once it was answered. */
export function watchQueries(knex: Knex, report: (query: WatchedQuery) => void): void {
  const startedMs = new Map<string, number>()
  const end = (query: QueryEvent, outcome: WatchedQuery['outcome']) => {
    const uid = query.__knexQueryUid ?? ''
    const started = startedMs.get(uid)
    if (started === undefined) return
    startedMs.delete(uid)
    report({ kind: kindOf(query.method), outcome, seconds: (performance.now() - started) / 1000 })
  }
  knex.on('query', ({ __knexQueryUid: uid }: QueryEvent) => {
    if (uid !== undefined) startedMs.set(uid, performance.now())
  })
  knex.on('query-response', (_answer: unknown, query: QueryEvent) => end(query, 'ok'))
  knex.on('query-error', (_error: unknown, query: QueryEvent) => end(query, 'error'))
}

function kindOf(method: string | undefined): string {
  return KINDS.find((kind) => kind === method) ?? 'other'
}
