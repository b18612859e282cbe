import { type Action, optionLines, runAction } from './action.ts'
import type { Command } from './command.ts'

type SingleAction = Action & { readonly name: string; readonly summary: string }

/** A command that does one thing; its help has what `does` says, the options, and an example. */
export function singleAction({ name, summary, ...action }: SingleAction): Command {
  const help = helpOf(name, action)
  return {
    name,
    summary,
    help,
    async run(args, environment) {
      const code = await runAction(action, args, environment)
      if (code === undefined) console.error(help)
      return code ?? 2
    },
  }
}

function helpOf(name: string, action: Action): string {
  const names = [...Object.keys(action.flags ?? {}), ...(action.printsJson === false ? [] : ['json'])]
  const usage = [`Usage: vestibule ${name}`, ...names.map((flag) => `[--${flag}]`)].join(' ')
  const example = `Example: npx vestibule ${name} ${action.example}`.trim()
  return [usage, action.does, optionLines(action, '  ').join('\n'), example].filter(Boolean).join('\n\n')
}
