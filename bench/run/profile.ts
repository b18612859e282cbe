import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../../test/support/run-directory.ts'
import { startTurnProcess } from '../generator/turn-process.ts'
import { type CpuProfile, type SelfTime, selfTimes } from '../report/self-times.ts'
import { ourSetups } from './contestants.ts'
import type { Pinning } from './cores.ts'
import type { BenchOptions } from './options.ts'
import { startOurServer } from './our-server.ts'
import { runTurn } from './rounds.ts'
import { chosen } from './run-bench.ts'
import type { Stores } from './stores.ts'

/** Where the time of one scenario went. */
export type Profiled = { readonly scenario: string; readonly server: string; readonly rows: readonly SelfTime[] }

type ProfileDeps = { readonly stores: Stores; readonly pinning: Pinning; readonly onProfiled: (one: Profiled) => void }

const GENERATOR = fileURLToPath(new URL('../generator/generator.ts', import.meta.url))

/** Profiles the first of our servers that the options name in each scenario, without its start and its warm-up. */
export async function profileOurServer(options: BenchOptions, deps: ProfileDeps): Promise<void> {
  const { stores, pinning, onProfiled } = deps
  const [setup] = ourSetups(options)
  const [connections] = options.connections
  if (!setup || connections === undefined) throw new Error('nothing to profile: --ours and --connections name none')
  const generator = await startTurnProcess(GENERATOR, [process.execPath])
  try {
    for (const scenario of chosen(options)) {
      const directory = temporaryDirectory('profile')
      const nodeArguments = ['--cpu-prof', `--cpu-prof-dir=${directory}`]
      const server = await startOurServer(setup, { stores, pinning, cores: scenario.cores, nodeArguments })
      const contestant = { name: 'Vestibule', kind: 'ours', server } as const
      const turn = { connections, isFirst: true }
      const { windowUs, errors, firstError } = await runTurn(scenario, contestant, turn, { options, generator, stores })
      await server.stop()
      if (errors > 0) throw new Error(`${scenario.name}: ${errors} errors, first: ${firstError}`)
      // What --cpu-prof wrote, one for each thread.
      const profiles = readdirSync(directory).map(
        (name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as CpuProfile,
      )
      onProfiled({ scenario: scenario.name, server: setup.stores, rows: selfTimes(profiles, windowUs) })
    }
  } finally {
    await generator.stop()
  }
}
