import { parseArgs } from 'node:util'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import { fromInput } from './standard-input.ts'

/** What a run of an action was given. */
export type ActionRequest = {
  /** Looks for a server at its first call, so that an action without one may run. */
  readonly admin: AdminClient
  readonly environment: NodeJS.ProcessEnv
  /** The words behind the action's name. */
  readonly subjects: readonly string[]
  /** Options that were given. */
  readonly values: Readonly<Record<string, string | undefined>>
  /** Flags that were given. */
  readonly flags: ReadonlySet<string>
  /** Standard input without the newline at its end, where the action takes any. */
  readonly input: string
  readonly isJson: boolean
}

/** One thing that a command does: what it takes, and how its help explains it. */
export type Action = {
  /**
   * The words behind its name, in capitals: `FILE`, `ID NAME`. Each must be given, but for one in brackets at the end:
   * `[ALGORITHM]` is another way to write the option `algorithm`.
   */
  readonly takes?: string
  /** Options with a value, each with its meaning. */
  readonly options?: Readonly<Record<string, string>>
  /** Options without a value, each with its meaning. */
  readonly flags?: Readonly<Record<string, string>>
  /** Options and flags that must be given. */
  readonly needs?: readonly string[]
  /** Reads standard input: secrets are never arguments. */
  readonly readsInput?: true
  /** False where there is nothing to print as JSON; every other action takes `--json`. */
  readonly printsJson?: false
  readonly does: string
  /** An example, without `npx vestibule` and the name of the command. */
  readonly example: string
  /** Returns the exit code where it is not always 0. */
  run(request: ActionRequest): Promise<void> | Promise<number>
}

/** Runs an action with the arguments behind its name. Returns the exit code, or undefined where the help must follow. */
export async function runAction(
  action: Action,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<number | undefined> {
  const given = readArguments(action, args)
  if (!given) return undefined
  const input = action.readsInput ? await fromInput() : ''
  const code = await action.run({ admin: createAdminClient(environment), environment, input, ...given })
  return typeof code === 'number' ? code : 0
}

function readArguments(
  { takes = '', options = {}, flags = {}, needs = [], printsJson }: Action,
  args: readonly string[],
): Pick<ActionRequest, 'subjects' | 'values' | 'flags' | 'isJson'> | undefined {
  const words = takes.split(' ').filter(Boolean)
  const optional = words.filter((word) => word.startsWith('[')).map((word) => word.slice(1, -1).toLowerCase())
  const count = words.length - optional.length
  const parsed = parseArgs({
    args: args.map(markDash),
    allowPositionals: true,
    options: {
      ...Object.fromEntries([...Object.keys(options), ...optional].map((name) => [name, { type: 'string' as const }])),
      ...Object.fromEntries(Object.keys(flags).map((name) => [name, { type: 'boolean' as const }])),
      ...(printsJson !== false && { json: { type: 'boolean' as const } }),
    },
  })
  // `parseArgs` types what it was given as literals; these options are built above.
  const { positionals, values } = parsed as { positionals: string[]; values: Record<string, string | boolean> }
  for (const [index, name] of optional.entries()) values[name] ??= positionals[count + index] as string // counted below
  const isComplete = needs.every((name) => values[name] !== undefined)
  if (positionals.length < count || positionals.length > words.length || !isComplete) return undefined
  return {
    subjects: positionals.slice(0, count).map(unmarkDash),
    values: textsOf(values),
    flags: new Set(Object.keys(flags).filter((name) => values[name] === true)),
    isJson: values.json === true,
  }
}

const MARK = '\0'

/** No option of ours is short: a word such as `-Zk4…`, which a key id may be, is a value and no option. */
function markDash(word: string): string {
  return /^-[^-]/.test(word) ? MARK + word : word
}

function unmarkDash(word: string): string {
  return word.startsWith(MARK) ? word.slice(MARK.length) : word
}

/** The options with a value; flags are read from their set. */
function textsOf(values: Readonly<Record<string, string | boolean | undefined>>): Record<string, string> {
  const texts = Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, unmarkDash(value)]] : [],
  )
  return Object.fromEntries(texts)
}

/** The lines of the help that explain an action's options and flags. */
export function optionLines({ options, flags }: Pick<Action, 'options' | 'flags'>, indent: string): string[] {
  return Object.entries({ ...options, ...flags }).map(
    ([name, meaning]) => `${indent}${`--${name}`.padEnd(20)} ${meaning}`,
  )
}
