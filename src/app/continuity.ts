import type { Log } from '../log.ts'
import { createSignOutCutOffs } from '../oauth/sign-out-cut-offs.ts'
import { openContinuity } from '../storage/continuity.ts'
import type { Backends } from './backends.ts'

/** A Redis that comes back empty or old would bring revoked tokens back to life: everybody signs in again instead. */
export function guardContinuity(log: Log, { storage, auditTrail, database: { knex } }: Backends) {
  return openContinuity({
    storage,
    knex,
    onError: (error) => log.warn({ err: error }, 'storage could not be marked'),
    async onLost(lost) {
      await createSignOutCutOffs(lost).set({ of: 'everybody' }, Date.now())
      auditTrail.append({ type: 'sign-out-everywhere', actor: 'server', reason: 'storage lost its memory' })
      log.error('REDIS_URL lost its memory')
    },
  })
}
