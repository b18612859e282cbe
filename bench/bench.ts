/**
 * How many requests does one core answer, beside the most that the machine could do and beside other servers?
 * docs/performance.md says what the columns mean.
 *
 * npm run bench [-- --help]
 */
import { cpus, loadavg } from 'node:os'
import { closeRunDirectory, openRunDirectory } from '../test/support/run-directory.ts'
import { renderSelfTimes } from './report/self-times.ts'
import { renderTable } from './report/table.ts'
import { writeResults } from './report/write-results.ts'
import { type Pinning, takeOtherCore } from './run/cores.ts'
import { type Block, hasFailed } from './run/figures.ts'
import { type BenchOptions, HELP, readOptions } from './run/options.ts'
import { profileOurServer } from './run/profile.ts'
import { runBench } from './run/run-bench.ts'
import { type Stores, startStores } from './run/stores.ts'

const options = parseOptions()
if (options === 'help') console.log(HELP)
else if (options) await main(options)

/** Undefined where the command line is wrong; what is wrong was said. */
function parseOptions(): BenchOptions | 'help' | undefined {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`)
    process.exitCode = 2
    return undefined
  }
}

async function main(options: BenchOptions): Promise<void> {
  const pinning = takeOtherCore()
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)),
    at: new Date().toISOString(),
    ...(pinning.problem !== undefined && { notPinned: pinning.problem }),
  }
  console.log(
    Object.entries(machine)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', '),
  )
  const directory = openRunDirectory()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      closeRunDirectory(directory)
      process.exit(1)
    })
  }
  const stores = await startStores()
  try {
    await (options.isProfile ? profile(options, { stores, pinning }) : compare(options, { stores, pinning }, machine))
  } finally {
    await stores.stop()
    closeRunDirectory(directory)
  }
}

type Deps = { readonly stores: Stores; readonly pinning: Pinning }

async function compare(options: BenchOptions, deps: Deps, machine: object): Promise<void> {
  const onBlock = (block: Block, all: readonly Block[]) => console.log(`\n${renderTable(block, all)}`)
  const blocks = await runBench(options, { ...deps, onBlock })
  const files = writeResults(options.output, blocks, { machine, options })
  console.log(`\nin ${options.output}: ${files.join(', ')}`)
  if (blocks.some(({ rows }) => rows.some(hasFailed))) process.exitCode = 1
}

async function profile(options: BenchOptions, deps: Deps): Promise<void> {
  await profileOurServer(options, {
    ...deps,
    onProfiled: ({ scenario, server, rows }) => console.log(`\n${renderSelfTimes(`${scenario}, ${server}`, rows)}`),
  })
}
