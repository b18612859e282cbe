import { CLAIMS } from '../../oauth/tokens/claims-table.ts'
import { printJson, printTable } from '../command/print.ts'
import { singleAction } from '../command/single-action.ts'
import { claimsPage } from './claims-page.ts'

/** Prints every claim that a token or an answer can have. */
export const claims = singleAction({
  name: 'claims',
  summary: 'list the claims of tokens, and where each of them is',
  does: 'Lists every claim of every token, of userinfo and of introspection: its scope, what it says, and where it is.',
  flags: { markdown: 'print the reference page instead' },
  example: '--json',
  async run({ flags, isJson }) {
    if (flags.has('markdown')) return void process.stdout.write(claimsPage())
    if (isJson) return printJson(CLAIMS)
    printTable(['CLAIM', 'SCOPE', 'IN', 'DIALECTS', 'WHAT IT SAYS'], rows())
  },
})

function rows(): string[][] {
  return Object.entries(CLAIMS).map(([name, { scope = '', in: places, dialects = [], says }]) => [
    name,
    scope,
    places.join(' '),
    dialects.join(', '),
    says,
  ])
}
