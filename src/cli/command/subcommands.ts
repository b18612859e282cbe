import { type Action, optionLines, runAction } from './action.ts'
import type { Command } from './command.ts'

type Subcommands = {
  readonly name: string
  readonly summary: string
  /** By name, which may have two words: `secrets list`. */
  readonly actions: Readonly<Record<string, Action>>
  /** What the help says of all actions. */
  readonly note?: string
}

/** A command made of actions; its help has an example of each. */
export function subcommands({ name, summary, actions, note }: Subcommands): Command {
  const help = helpOf(name, actions, note)
  return {
    name,
    summary,
    help,
    async run(args, environment) {
      const words = [2, 1].find((count) => Object.hasOwn(actions, args.slice(0, count).join(' '))) ?? 0
      const action = actions[args.slice(0, words).join(' ')]
      const code = action && (await runAction(action, args.slice(words), environment))
      if (code === undefined) console.error(help)
      return code ?? 2
    },
  }
}

function helpOf(name: string, actions: Readonly<Record<string, Action>>, note: string | undefined): string {
  const lines = Object.entries(actions).flatMap(([action, { takes = '', does, ...declared }]) => [
    `  ${`${action} ${takes}`.trim().padEnd(24)} ${does}`,
    ...optionLines(declared, '      '),
  ])
  const examples = Object.values(actions).map(({ example }) => `  npx vestibule ${name} ${example}`)
  const takesJson = Object.values(actions).some(({ printsJson }) => printsJson !== false)
  const usage = `Usage: vestibule ${name} ACTION${takesJson ? ' [--json]' : ''}`
  const paragraphs = [usage, lines.join('\n'), ...(note ? [note] : []), `Examples:\n${examples.join('\n')}`]
  return paragraphs.join('\n\n')
}
