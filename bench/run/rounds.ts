import { setTimeout as pause } from 'node:timers/promises'
import type { Turn, TurnFigures } from '../generator/turn.ts'
import type { TurnProcess } from '../generator/turn-process.ts'
import type { Contestant } from './contestants.ts'
import { type Block, medians } from './figures.ts'
import { makePlan } from './make-plan.ts'
import type { BenchOptions } from './options.ts'
import type { Scenario } from './scenarios.ts'
import type { Stores } from './stores.ts'

type RoundsDeps = {
  readonly options: BenchOptions
  readonly generator: TurnProcess
  readonly stores: Stores
  /** Told of each turn. */
  readonly onTurn?: (contestant: string, figures: TurnFigures) => void
}

/** The first turn of a contestant warms up for longer: much is compiled in it. */
const FIRST_WARM_UP = 3
/** What was left to do after the answers, such as audit entries, is not to fall on the next contestant. */
const SETTLE_MS = 200
const SMOKE_REQUESTS_EACH = 3
/** Tokens that are used up, for each connection: a second's worth or so. */
const SUPPLY_EACH = 200

/** Runs all rounds of a scenario: in each round every contestant has a turn, so that what disturbs one disturbs all. */
export async function runRounds(
  scenario: Scenario,
  contestants: readonly Contestant[],
  connections: number,
  deps: RoundsDeps,
): Promise<Block> {
  const turns = new Map<Contestant, TurnFigures[]>(contestants.map((contestant) => [contestant, []]))
  for (let round = 0; round < deps.options.rounds; round++) {
    for (const contestant of contestants) {
      const figures = await runTurn(scenario, contestant, { connections, isFirst: round === 0 }, deps)
      turns.get(contestant)?.push(figures)
      deps.onTurn?.(contestant.name, figures)
      if (!deps.options.isSmoke) await pause(SETTLE_MS)
    }
  }
  return {
    scenario: scenario.name,
    connections,
    ...(scenario.sameAs !== undefined && { sameAs: scenario.sameAs }),
    rows: contestants.map((contestant) => ({
      contestant: contestant.name,
      kind: contestant.kind,
      figures: medians(turns.get(contestant) ?? []),
    })),
  }
}

/** One turn of one contestant. */
export async function runTurn(
  scenario: Scenario,
  contestant: Contestant,
  { connections, isFirst }: { readonly connections: number; readonly isFirst: boolean },
  { options, generator, stores }: RoundsDeps,
): Promise<TurnFigures> {
  const { isSmoke, warmUpSeconds, seconds } = options
  const common = {
    connections,
    expects: scenario.expects,
    seconds,
    stores: stores.pids,
    warmUpSeconds: isSmoke ? 0 : warmUpSeconds * (isFirst ? FIRST_WARM_UP : 1),
    ...(isSmoke && { maxRequests: connections * SMOKE_REQUESTS_EACH }),
  } satisfies Partial<Turn>
  if ('process' in contestant) {
    return contestant.process.run({ ...common, port: 0, plan: { kind: 'same', request: '' }, server: [] })
  }
  const { pid, target } = contestant.server
  const supply = isSmoke ? connections * SMOKE_REQUESTS_EACH : connections * SUPPLY_EACH
  const plan = await makePlan(scenario, target, { connections, supply })
  return generator.run({ ...common, port: target.port, plan, server: [pid] })
}
