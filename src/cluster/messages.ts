import type { Figures, Rendered } from '../metrics.ts'

export type Addresses = { readonly publicUrl: string; readonly adminUrl: string }

/** What the primary says to a worker. */
export type ToWorker =
  /** End. A worker that is replaced stays ready to the last: the node goes on. */
  | { readonly type: 'stop'; readonly isReplaced: boolean }
  /** Say what you have counted. */
  | { readonly type: 'count' }
  /** What all workers have counted, for those who asked. */
  | { readonly type: 'metrics'; readonly rendered: Rendered }

/** What a worker says to the primary. */
export type ToPrimary =
  | ({ readonly type: 'ready' } & Addresses)
  | { readonly type: 'figures'; readonly figures: Figures }
  /** Asks for the metrics of this node. */
  | { readonly type: 'ask-metrics' }
