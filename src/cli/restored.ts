import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { createLog } from '../log.ts'
import type { Command } from './command/command.ts'
import { printJson } from './command/print.ts'

const HELP = `Usage: vestibule restored [--keep-keys] [--json]

To be run once after a backup of DATA_DIR, of the database or of the keys was restored, with the server's settings and
before the server starts. A backup holds sign-ins, keys and secrets that were ended since, and does not know it. So:

  - everybody is signed out: no token from before works again
  - every signing key is revoked, and new ones sign at once; verifiers fetch them when they meet them
  - the secrets that sign cookies and seal refresh tokens are replaced, unless COOKIE_KEYS brings them

  --keep-keys   keeps keys and secrets; for a backup from which none was removed since

Example: npx vestibule restored`

/** Ends what a restored backup would bring back to life. */
export const restored: Command = {
  name: 'restored',
  summary: 'after restoring a backup: end what it would bring back to life',
  help: HELP,
  async run(args, environment) {
    const options = {
      json: { type: 'boolean', default: false },
      'keep-keys': { type: 'boolean', default: false },
    } as const
    const { values } = parseArgs({ args: [...args], options })
    const config = readConfig(environment)
    const { settleRestored } = await import('../app/restored.ts')
    const outcome = await settleRestored(config, createLog('warn'), {
      keepsKeys: values['keep-keys'],
      onProgress: (step) => values.json || console.log(`· ${step}`),
    })
    if (values.json) printJson(outcome)
    else console.log(`everybody is signed out since ${outcome.signedOutAt}; keys and secrets were ${outcome.keys}`)
    return 0
  },
}
