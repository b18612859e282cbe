import { parseArgs } from 'node:util'
import type { ScaleOptions } from './run-scale.ts'

export type ScaleCommand = ScaleOptions & {
  /** Where points, table and chart are written. */
  readonly directory: string
  /** Adds to the points of an earlier run. */
  readonly isContinued: boolean
}

/** What `npm run bench:scale -- --help` prints. */
export const HELP = `npm run bench:scale -- [options] [directory for points, table and chart; default build/bench]

  --backends STORES  postgres+redis or embedded; default postgres+redis
  --sizes N,…        customers of each shop, each with a live sign-in; default 1000,10000,100000,1000000
  --rounds N         default 20; what counts is the middle one of the second half
  --real-time        measures at real-time priority (chrt), where the machine does other work; filling stays as it is
  --continue         adds to the points in the directory: another size, or more rounds`

/** Reads the command line; throws an `Error` that says what is wrong with it. */
export function readOptions(args: readonly string[]): ScaleCommand | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      backends: { type: 'string', default: 'postgres+redis' },
      sizes: { type: 'string', default: '1000,10000,100000,1000000' },
      rounds: { type: 'string', default: '20' },
      'real-time': { type: 'boolean', default: false },
      continue: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { backends } = values
  if (backends !== 'embedded' && backends !== 'postgres+redis') {
    throw new Error(`--backends is postgres+redis or embedded, not ${backends}`)
  }
  return {
    backends,
    sizes: values.sizes.split(',').map((text) => positive(text, '--sizes')),
    rounds: positive(values.rounds, '--rounds'),
    requests: 1000,
    isRealTime: values['real-time'],
    isContinued: values.continue,
    directory: positionals[0] ?? 'build/bench',
  }
}

function positive(text: string, option: string): number {
  const number = Number(text)
  if (!(Number.isInteger(number) && number > 0)) throw new Error(`${option}: whole numbers above 0, not ${text}`)
  return number
}
