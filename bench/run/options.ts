import { parseArgs } from 'node:util'

/** What our server keeps its records in. */
export type OurStores = 'postgres+redis' | 'postgres' | 'embedded'
const OUR_STORES: readonly OurStores[] = ['postgres+redis', 'postgres', 'embedded']

export type BenchOptions = {
  /** Where table, chart and figures are written. */
  readonly output: string
  /** Only scenarios whose name contains one of these. */
  readonly only: readonly string[]
  readonly ours: readonly OurStores[]
  readonly logLevels: readonly string[]
  readonly workers: readonly number[]
  readonly connections: readonly number[]
  readonly rounds: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Leaves the peers out, or the ceilings too. */
  readonly against: 'all' | 'ceilings' | 'none'
  /** A few requests of each kind, to see that all answers are right. */
  readonly isSmoke: boolean
  /** Profiles our server instead of comparing it. */
  readonly isProfile: boolean
}

/** What `npm run bench -- --help` prints. */
export const HELP = `npm run bench -- [options] [directory for table, chart and figures; default build/bench]

  --only TEXT,…         only scenarios whose name contains one of the texts
  --ours STORES,…       ${OUR_STORES.join(', ')}; default postgres+redis,embedded
  --against WHOM        all, ceilings (no peers) or none; default all
  --connections N,…     connections of the generator; default 16
  --rounds N            default 3; the figures are medians
  --seconds N           measured in each turn; default 2
  --warm-up N           seconds before that; default 1
  --log-level LEVEL,…   of our server; default warn; with warn,info both take turns
  --workers N,…         processes of our server; default 1; with 1,2 both take turns
  --profile             where the time of our server goes, by package and function
  --smoke               a few requests of each kind; judges only that the answers are right`

/** Reads the command line; throws an `Error` that says what is wrong with it. */
export function readOptions(args: readonly string[]): BenchOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      ours: { type: 'string', default: 'postgres+redis,embedded' },
      against: { type: 'string', default: 'all' },
      connections: { type: 'string', default: '16' },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      'warm-up': { type: 'string', default: '1' },
      'log-level': { type: 'string', default: 'warn' },
      workers: { type: 'string', default: '1' },
      profile: { type: 'boolean', default: false },
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (positionals.length > 1) throw new Error(`one directory for the results, not ${positionals.join(' and ')}`)
  return {
    output: positionals[0] ?? 'build/bench',
    only: values.only === undefined ? [] : list(values.only),
    ours: list(values.ours).map((name) => oneOf(name, OUR_STORES, '--ours')),
    against: oneOf(values.against, ['all', 'ceilings', 'none'], '--against'),
    connections: list(values.connections).map((text) => positive(text, '--connections')),
    rounds: positive(values.rounds ?? (values.smoke ? '1' : '3'), '--rounds'),
    seconds: positive(values.seconds, '--seconds'),
    warmUpSeconds: positive(values['warm-up'], '--warm-up'),
    logLevels: list(values['log-level']),
    workers: list(values.workers).map((text) => positive(text, '--workers')),
    isSmoke: values.smoke,
    isProfile: values.profile,
  }
}

function list(text: string): string[] {
  return text.split(',').filter(Boolean)
}

function positive(text: string, option: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`${option} is a number above 0, not ${text}`)
  return number
}

function oneOf<T extends string>(text: string, known: readonly T[], option: string): T {
  const found = known.find((each) => each === text)
  if (found === undefined) throw new Error(`${option} is one of ${known.join(', ')}, not ${text}`)
  return found
}
