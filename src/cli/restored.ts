import { readConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { printJson } from './command/print.ts'
import { singleAction } from './command/single-action.ts'

/** Ends what a restored backup would bring back to life. */
export const restored = singleAction({
  name: 'restored',
  summary: 'after restoring a backup: sign out all sessions and replace keys',
  does: `Run this once after you restored a backup of DATA_DIR, of the database or of the keys, with the server's settings and
before the server starts. A backup contains sign-ins, keys and secrets that were revoked later. Therefore:

  - all sessions are signed out: no earlier token works
  - all signing keys are revoked, and new keys sign at once; verifiers fetch them when they see the first new token
  - the secrets that sign cookies and seal refresh tokens are replaced, except those of COOKIE_KEYS`,
  flags: { 'keep-keys': 'keeps keys and secrets; use it only if none was removed after the backup' },
  example: '',
  async run({ environment, flags, isJson }) {
    const config = readConfig(environment)
    const { settleRestored } = await import('../app/restored.ts')
    const outcome = await settleRestored(config, createLog('warn'), {
      keepsKeys: flags.has('keep-keys'),
      onProgress: (step) => isJson || console.log(`· ${step}`),
    })
    if (isJson) printJson(outcome)
    else console.log(`all sessions before ${outcome.signedOutAt} are signed out; keys and secrets were ${outcome.keys}`)
  },
})
