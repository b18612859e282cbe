import { REFUSALS, type Refusal } from '../oauth/tokens/refusals.ts'
import { printJson } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** What the admin API says of a token. */
type Inspection =
  | { readonly isLive: true; readonly token: object }
  | { readonly isLive: false; readonly reason: Refusal }

/** Looks at one token from inside. */
export const tokens = subcommands({
  name: 'tokens',
  summary: 'inspect one token: its owner, and why it works or not',
  actions: {
    inspect: {
      does: 'read one token from standard input and show its owner, and why it works or does not work',
      readsInput: true,
      example: 'inspect < token.txt',
      async run({ admin, input, isJson }) {
        const status = await admin.call<Inspection>('POST', '/v1/tokens/inspect', { token: input.trim() })
        if (isJson) printJson(status)
        else if (status.isLive) printJson({ works: true, ...status.token })
        else console.log(`does not work: ${REFUSALS[status.reason]} (${status.reason})`)
        return status.isLive ? 0 : 1
      },
    },
  },
})
