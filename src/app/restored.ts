import type { Config } from '../config.ts'
import { replaceServerSecret } from '../database/server-secrets.ts'
import { createKeyOperations } from '../keys/ring/key-operations.ts'
import type { Log } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { createEndSignIn } from '../oauth/sign-outs/end-sign-in.ts'
import { openBackends } from './backends.ts'
import type { CloseStep } from './close-step.ts'

export type Restoration = { readonly signedOutAt: string; readonly keys: 'replaced' | 'kept' }

/**
 * Makes a restored backup safe to serve from. In it live grants that were ended since, and with `keepsKeys: false` it
 * is taken to have keys and secrets that were removed since: it cannot be told which, so all are replaced.
 */
export async function settleRestored(
  config: Config,
  log: Log,
  { keepsKeys, onProgress }: { readonly keepsKeys: boolean; readonly onProgress: (step: string) => void },
): Promise<Restoration> {
  const closeSteps: CloseStep[] = []
  try {
    const { auditTrail, database, keyRing, storage, endingLog, publishSignInEnded } = await openBackends(
      config,
      { log, metrics: createMetrics(), onProgress },
      closeSteps,
    )
    const untilMs = Date.now()
    await endingLog.leavePlacesOut()
    const endSignIn = createEndSignIn({ storage, endingLog, publishSignInEnded })
    await endSignIn({ what: { of: 'everybody', untilMs }, why: 'backup-restored', by: 'admin' })
    if (!keepsKeys) {
      await createKeyOperations(keyRing).replaceAll()
      for (const name of ['cookies', 'refresh-tokens']) await replaceServerSecret(database.knex, name)
    }
    const keys = keepsKeys ? 'kept' : 'replaced'
    auditTrail.append({ type: 'server.restored', actor: 'admin', reason: `keys and secrets were ${keys}` })
    return { signedOutAt: new Date(untilMs).toISOString(), keys }
  } finally {
    for (const close of closeSteps.reverse()) await close()
  }
}
