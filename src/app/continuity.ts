import type { Log } from '../log.ts'
import { createEndSignIn } from '../oauth/sign-outs/end-sign-in.ts'
import { openContinuity } from '../storage/continuity.ts'
import type { Backends } from './backends.ts'

/** A storage that comes back empty or old would bring revoked tokens back to life: everybody signs in again instead. */
export function guardContinuity(log: Log, { storage, publishSignInEnded, endingLog, database: { knex } }: Backends) {
  return openContinuity({
    storage,
    knex,
    onError: (error) => log.warn({ event: 'storage.mark-failed', err: error }),
    async onLost(lost) {
      const endSignIn = createEndSignIn({ storage: lost, endingLog, publishSignInEnded })
      await endSignIn({ what: { of: 'everybody' }, why: 'storage-lost', by: 'server' })
      log.error({ event: 'storage.lost' })
    },
  })
}
