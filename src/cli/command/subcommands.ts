import { parseArgs } from 'node:util'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { fromInput } from './standard-input.ts'

export type ActionRequest = {
  readonly admin: AdminClient
  /** What stands behind the action's name. */
  readonly subjects: readonly string[]
  /** Options that were given. */
  readonly values: Readonly<Record<string, string | undefined>>
  /** Standard input without the newline at its end, where the action takes any. */
  readonly input: string
  readonly isJson: boolean
}

export type Action = {
  /** What stands behind its name, in capitals: `FILE`, `ID NAME`. Each word must be given. */
  readonly takes?: string
  /** Further options, each with a value; those in `needs` must be given. */
  readonly options?: Readonly<Record<string, string>>
  readonly needs?: readonly string[]
  /** Reads standard input: secrets are never arguments. */
  readonly readsInput?: true
  readonly does: string
  readonly example: string
  run(request: ActionRequest): Promise<void>
}

/** A command made of actions over the admin API; its help has an example of each. */
export function subcommands({
  name,
  summary,
  actions,
}: {
  readonly name: string
  readonly summary: string
  readonly actions: Readonly<Record<string, Action>>
}): Command {
  const help = helpOf(name, actions)
  return {
    name,
    summary,
    help,
    async run(args, environment) {
      const action = args[0] !== undefined && Object.hasOwn(actions, args[0]) ? actions[args[0]] : undefined
      const names = Object.keys(action?.options ?? {})
      const { values, positionals } = parseArgs({
        args: args.slice(1),
        allowPositionals: true,
        options: {
          json: { type: 'boolean', default: false },
          ...Object.fromEntries(names.map((option) => [option, { type: 'string' as const }])),
        },
      })
      const given = values as unknown as Record<string, string | undefined> // strings but for `json`
      const count = action?.takes?.split(' ').length ?? 0
      const isComplete = action?.needs?.every((option) => given[option] !== undefined) ?? true
      if (!action || positionals.length !== count || !isComplete) {
        console.error(help)
        return 2
      }
      const input = action.readsInput ? await fromInput() : ''
      const admin = createAdminClient(environment)
      await action.run({ admin, subjects: positionals, values: given, input, isJson: values.json === true })
      return 0
    },
  }
}

function helpOf(name: string, actions: Readonly<Record<string, Action>>): string {
  const lines = Object.entries(actions).flatMap(([action, { takes = '', options = {}, does }]) => [
    `  ${`${action} ${takes}`.trim().padEnd(24)} ${does}`,
    ...Object.entries(options).map(([option, meaning]) => `      ${`--${option}`.padEnd(20)} ${meaning}`),
  ])
  const examples = Object.values(actions).map(({ example }) => `  npx vestibule ${name} ${example}`)
  return `Usage: vestibule ${name} ACTION [--json]\n\n${lines.join('\n')}\n\nExamples:\n${examples.join('\n')}`
}
