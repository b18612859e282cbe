import { startTurnProcess, type TurnProcess } from '../generator/turn-process.ts'
import { ceilingProgram, ceilings, startCeiling } from './ceilings.ts'
import type { Cores, Pinning } from './cores.ts'
import type { Kind } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { type OurSetup, type RunningServer, startOurServer } from './our-server.ts'
import { peers, startPeer } from './peers.ts'
import type { Scenario } from './scenarios.ts'
import type { Stores } from './stores.ts'
import { ask } from './target.ts'

/** One that takes turns: a server that the generator asks, or a process that measures itself. */
export type Contestant = { readonly name: string; readonly kind: Kind } & (
  | { readonly server: RunningServer }
  | { readonly process: TurnProcess }
)

type ContestantsDeps = { readonly options: BenchOptions; readonly stores: Stores; readonly pinning: Pinning }

export type Contestants = {
  /** Those of a scenario, started; ceilings of the one before are stopped. */
  of(scenario: Scenario): Promise<readonly Contestant[]>
  stop(): Promise<void>
}

/** Our servers and the peers are started once for each set of cores; a ceiling for each scenario, as it gives our answer. */
export function createContestants({ options, stores, pinning }: ContestantsDeps): Contestants {
  const lasting = new Map<string, Promise<RunningServer>>()
  const passing: { stop(): Promise<void> }[] = []

  const once = (name: string, cores: Cores, start: () => Promise<RunningServer>) => {
    const key = pinning.problem === undefined ? `${name} on ${cores}` : name
    const running = lasting.get(key) ?? start()
    lasting.set(key, running)
    return running
  }
  const ours = ({ cores }: Scenario) =>
    ourSetups(options).map(async (setup): Promise<Contestant & { readonly server: RunningServer }> => {
      const itsCores: Cores = setup.workers > 1 ? 'all' : cores
      const name = nameOf(setup)
      const start = () => startOurServer(setup, { stores, pinning, cores: itsCores })
      return { name, kind: 'ours', server: await once(name, itsCores, start) }
    })
  const peersOf = (scenario: Scenario) =>
    options.against !== 'all'
      ? []
      : scenario.peers.map(async (name): Promise<Contestant> => {
          const start = () => startPeer(name, { stores, pinning, cores: scenario.cores })
          return { name: peers[name], kind: 'peer', server: await once(name, scenario.cores, start) }
        })
  const ceilingOf = async (scenario: Scenario, first: RunningServer): Promise<Contestant> => {
    const name = ceilings[scenario.ceiling]
    if (scenario.ceiling === 'argon2id') {
      const process = await startTurnProcess(
        ceilingProgram('argon2id'),
        pinning.on('all', [globalThis.process.execPath]),
      )
      passing.push(process)
      return { name, kind: 'ceiling', process }
    }
    const example = await exampleOf(scenario, first)
    const server = await startCeiling(scenario.ceiling, { ...example, stores, pinning, cores: scenario.cores })
    passing.push(server)
    return { name, kind: 'ceiling', server }
  }
  const stopPassing = async () => {
    for (const each of passing.splice(0)) await each.stop()
  }

  return {
    async of(scenario) {
      await stopPassing()
      const [our, others] = await Promise.all([Promise.all(ours(scenario)), Promise.all(peersOf(scenario))])
      const [first] = our
      if (!first || options.against === 'none') return our
      return [await ceilingOf(scenario, first.server), ...others, ...our]
    },
    async stop() {
      await stopPassing()
      await Promise.all([...lasting.values()].map(async (running) => (await running).stop()))
    },
  }
}

/** Our server in each way that the options name; several workers need a Postgres. */
export function ourSetups({ ours, logLevels, workers }: BenchOptions): OurSetup[] {
  return ours.flatMap((stores) =>
    logLevels.flatMap((logLevel) =>
      workers
        .filter((count) => count === 1 || stores !== 'embedded')
        .map((count) => ({ stores, logLevel, workers: count })),
    ),
  )
}

function nameOf({ stores, logLevel, workers }: OurSetup): string {
  const unusual = [
    ...(logLevel === 'warn' ? [] : [`log ${logLevel}`]),
    ...(workers === 1 ? [] : [`${workers} workers`]),
  ]
  return ['Vestibule', stores, ...unusual].join(', ')
}

/** A token and an answer of our server, for the ceiling to be like. */
async function exampleOf({ token, request }: Scenario, { target }: RunningServer) {
  const [one = ''] = token ? await target.tokens(token.kind, 1) : []
  return { ours: target, token: one, answer: await ask(target.port, request(target, one)) }
}
