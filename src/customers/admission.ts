import { availableParallelism } from 'node:os'
import type { Authenticate } from './authenticate.ts'
import { createHashingQueue, type HashingQueue } from './hashing-queue.ts'
import { networkOf } from './ip-network.ts'

export type AdmissionOptions = {
  /** Logins under way at a time. Enough to keep every core hashing while others wait for storage. */
  readonly concurrency?: number
  readonly queue?: Pick<HashingQueue, 'run'>
}

/** A shop's own service answers in its own time, and the cores wait meanwhile. */
export const ELSEWHERE_CONCURRENCY = 64

/**
 * Lets few logins begin at a time, each address in its turn. Without it a storm of logins would stand in line for
 * storage too, and every introspection behind it.
 */
export function admitInTurn(authenticate: Authenticate, options: AdmissionOptions = {}): Authenticate {
  const { concurrency = 2 * availableParallelism(), queue = createHashingQueue({ concurrency }) } = options

  return async function admittedAuthenticate(login, password, context) {
    const run = await queue.run(networkOf(context?.ip ?? ''), () => authenticate(login, password, context))
    return run.outcome === 'busy' ? run : run.result
  }
}
