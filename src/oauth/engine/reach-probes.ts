import { randomBytes } from 'node:crypto'
import type { Arrival } from '../../http/reach-probe.ts'
import type { Storage } from '../../storage/storage.ts'

export type ReachProbes = ReturnType<typeof createReachProbes>

const KIND = 'ReachProbe'
const TTL_SECONDS = 60

/** Requests that an operator sends through whatever stands in front, to see how they arrive, on whichever node. */
export function createReachProbes({ storage }: { readonly storage: Pick<Storage, 'get' | 'put'> }) {
  return {
    async announce(): Promise<string> {
      const probe = randomBytes(32).toString('base64url')
      await storage.put(KIND, probe, {}, TTL_SECONDS)
      return probe
    },
    async note(probe: string, arrival: Arrival): Promise<void> {
      if (await storage.get(KIND, probe)) await storage.put(KIND, probe, { arrival }, TTL_SECONDS)
    },
    /** Undefined until it arrived. */
    async arrival(probe: string): Promise<Arrival | undefined> {
      // As `note` stored it.
      return (await storage.get(KIND, probe))?.artifact.arrival as Arrival | undefined
    },
  }
}
