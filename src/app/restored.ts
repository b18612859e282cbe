import type { Config } from '../config.ts'
import { replaceServerSecret } from '../database/server-secrets.ts'
import { createKeyOperations } from '../keys/ring/key-operations.ts'
import type { Log } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { createSignOutCutOffs } from '../oauth/sign-out-cut-offs.ts'
import { openBackends } from './backends.ts'
import type { CloseStep } from './close-step.ts'

export type Restoration = { readonly signedOutAt: string; readonly keys: 'replaced' | 'kept' }

/**
 * Makes a restored backup safe to serve from. In it live grants that were ended since, and with `keepsKeys: false` it
 * is taken to have keys and secrets that were removed since: nobody can tell, so all are replaced.
 */
export async function settleRestored(
  config: Config,
  log: Log,
  { keepsKeys, onProgress }: { readonly keepsKeys: boolean; readonly onProgress: (step: string) => void },
): Promise<Restoration> {
  const closeSteps: CloseStep[] = []
  try {
    const { auditTrail, database, keyRing, storage } = await openBackends(
      config,
      { log, metrics: createMetrics(), onProgress },
      closeSteps,
    )
    const atMs = Date.now()
    await createSignOutCutOffs(storage).set({ of: 'everybody' }, atMs)
    if (!keepsKeys) {
      await createKeyOperations(keyRing).replaceAll()
      for (const name of ['cookies', 'refresh-tokens']) await replaceServerSecret(database.knex, name)
    }
    const keys = keepsKeys ? 'kept' : 'replaced'
    auditTrail.append({ type: 'server.restored', actor: 'admin', reason: `keys and secrets were ${keys}` })
    return { signedOutAt: new Date(atMs).toISOString(), keys }
  } finally {
    for (const close of closeSteps.reverse()) await close()
  }
}
