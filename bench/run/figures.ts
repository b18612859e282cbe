import type { TurnFigures } from '../generator/turn.ts'

/** Medians over the rounds of one contestant in one scenario. */
export type Figures = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds of processor for each request; undefined where the system does not tell. */
  readonly serverUs: number | undefined
  readonly storesUs: number | undefined
  readonly requests: number
  readonly errors: number
  readonly firstError?: string
}

export type Kind = 'ceiling' | 'peer' | 'ours'

/** One contestant of one scenario. */
export type Row = { readonly contestant: string; readonly kind: Kind; readonly figures: Figures }

/** All that was measured of one scenario at one number of connections. */
export type Block = {
  readonly scenario: string
  readonly connections: number
  readonly sameAs?: string
  readonly rows: readonly Row[]
}

/** Of 1: how near to another one comes by requests a second, and by work for each. More than 1 is better than the other. */
export type Ratio = { readonly perSecond: number; readonly cpu: number | undefined }

/** Takes the medians of the rounds; errors are added up. */
export function medians(rounds: readonly TurnFigures[]): Figures {
  const median = (of: (turn: TurnFigures) => number) => {
    const sorted = rounds.map(of).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? 0
  }
  const microseconds = (of: (turn: TurnFigures) => number) => {
    const each = median((turn) => (turn.requests === 0 ? 0 : of(turn) / 1000 / turn.requests))
    return each > 0 ? each : undefined
  }
  const firstError = rounds.find((turn) => turn.firstError !== undefined)?.firstError
  return {
    perSecond: median((turn) => turn.requests / turn.seconds),
    p50Ms: median((turn) => turn.p50Ms),
    p99Ms: median((turn) => turn.p99Ms),
    serverUs: microseconds((turn) => turn.serverNs),
    storesUs: microseconds((turn) => turn.storesNs),
    requests: rounds.reduce((sum, turn) => sum + turn.requests, 0),
    errors: rounds.reduce((sum, turn) => sum + turn.errors, 0),
    ...(firstError !== undefined && { firstError }),
  }
}

/** How `row` compares with `other`; undefined where one of them failed or measured nothing. */
export function ratio(row: Row, other: Row | undefined): Ratio | undefined {
  if (!other || hasFailed(row) || hasFailed(other)) return undefined
  const [own, theirs] = [row.figures.serverUs, other.figures.serverUs]
  return {
    perSecond: row.figures.perSecond / other.figures.perSecond,
    cpu: own !== undefined && theirs !== undefined ? theirs / own : undefined,
  }
}

/** Figures with an error in them are no figures. */
export function hasFailed({ figures }: Row): boolean {
  return figures.errors > 0 || figures.requests === 0
}
