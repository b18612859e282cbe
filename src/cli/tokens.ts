import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import { REFUSALS, type Refusal } from '../oauth/tokens/refusals.ts'
import { createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { printJson } from './command/print.ts'

const HELP = `Usage: vestibule tokens inspect [--json]

Reads one token from standard input and says whose it is, and why it works or does not.

Example: echo "$ACCESS" | npx vestibule tokens inspect`

/** What the admin API says of a token. */
type Inspection =
  | { readonly isLive: true; readonly token: object }
  | { readonly isLive: false; readonly reason: Refusal }

/** Looks at one token from inside. */
export const tokens: Command = {
  name: 'tokens',
  summary: 'inspect one token: whose, and why alive or dead',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    })
    if (positionals[0] !== 'inspect') {
      console.error(HELP)
      return 2
    }
    const token = (await text(process.stdin)).trim()
    const status = await createAdminClient(environment).call<Inspection>('POST', '/v1/tokens/inspect', { token })
    if (values.json) printJson(status)
    else if (status.isLive) printJson({ works: true, ...status.token })
    else console.log(`dead: ${REFUSALS[status.reason]} (${status.reason})`)
    return status.isLive ? 0 : 1
  },
}
