import { readConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { printJson } from './command/print.ts'
import { singleAction } from './command/single-action.ts'

/** Ends what a restored backup would bring back to life. */
export const restored = singleAction({
  name: 'restored',
  summary: 'after restoring a backup: end what it would bring back to life',
  does: `To be run once after a backup of DATA_DIR, of the database or of the keys was restored, with the server's settings and
before the server starts. A backup holds sign-ins, keys and secrets that were ended since, and does not know it. So:

  - everybody is signed out: no token from before works again
  - every signing key is revoked, and new ones sign at once; verifiers fetch them when they meet them
  - the secrets that sign cookies and seal refresh tokens are replaced, unless COOKIE_KEYS brings them`,
  flags: { 'keep-keys': 'keeps keys and secrets; for a backup from which none was removed since' },
  example: '',
  async run({ environment, flags, isJson }) {
    const config = readConfig(environment)
    const { settleRestored } = await import('../app/restored.ts')
    const outcome = await settleRestored(config, createLog('warn'), {
      keepsKeys: flags.has('keep-keys'),
      onProgress: (step) => isJson || console.log(`· ${step}`),
    })
    if (isJson) printJson(outcome)
    else console.log(`everybody is signed out since ${outcome.signedOutAt}; keys and secrets were ${outcome.keys}`)
  },
})
