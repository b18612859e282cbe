import { fileURLToPath } from 'node:url'
import type { TurnFigures } from '../generator/turn.ts'
import { startTurnProcess } from '../generator/turn-process.ts'
import { createContestants } from './contestants.ts'
import type { Pinning } from './cores.ts'
import type { Block } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { runRounds } from './rounds.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import type { Stores } from './stores.ts'

type BenchDeps = {
  readonly stores: Stores
  readonly pinning: Pinning
  readonly onTurn?: (scenario: string, contestant: string, figures: TurnFigures) => void
  /** Told of each table, with all before it. */
  readonly onBlock?: (block: Block, all: readonly Block[]) => void
}

const GENERATOR = fileURLToPath(new URL('../generator/generator.ts', import.meta.url))

/** Measures what the options name, scenario after scenario; all that it starts has ended when it returns. */
export async function runBench(options: BenchOptions, deps: BenchDeps): Promise<Block[]> {
  const { stores, pinning, onTurn, onBlock } = deps
  const generator = await startTurnProcess(GENERATOR, [process.execPath])
  const contestants = createContestants({ options, stores, pinning })
  const blocks: Block[] = []
  try {
    for (const scenario of chosen(options)) {
      const taking = await contestants.of(scenario)
      for (const connections of options.connections) {
        const block = await runRounds(scenario, taking, connections, {
          options,
          generator,
          stores,
          onTurn: (contestant, figures) => onTurn?.(scenario.name, contestant, figures),
        })
        blocks.push(block)
        onBlock?.(block, blocks)
      }
    }
    return blocks
  } finally {
    await contestants.stop()
    await generator.stop()
  }
}

/** The scenarios that `--only` leaves. */
export function chosen({ only }: BenchOptions): Scenario[] {
  const found = scenarios.filter(({ name }) => only.length === 0 || only.some((text) => name.includes(text)))
  if (found.length > 0) return found
  throw new Error(`no scenario has such a name: ${scenarios.map(({ name }) => name).join(', ')}`)
}
