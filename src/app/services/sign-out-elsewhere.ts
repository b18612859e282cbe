import { randomBytes } from 'node:crypto'
import type { LeadElsewhere } from '../../oauth/browser/sign-out-elsewhere.ts'
import type { Storage } from '../../storage/storage.ts'
import type { UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'

type Deps = {
  readonly registry: Pick<UpstreamRegistry, 'find'>
  readonly protocol: Pick<UpstreamProtocol, 'signOutUrl'>
  readonly storage: Pick<Storage, 'put' | 'get' | 'consume'>
  readonly addressOf: (upstreamId: string) => string
  readonly onProblem: (upstreamId: string, problem: unknown) => void
}

const KIND = 'UpstreamSignOut'
const TTL_SECONDS = 900

/** Sends people who sign out here to sign out at their provider, where its settings say so, and takes them back. */
export function createSignOutElsewhere({ registry, protocol, storage, addressOf, onProblem }: Deps) {
  const lead: LeadElsewhere = async ({ id }, next) => {
    const usable = registry.find(id)
    if (usable?.upstream.signs_out !== true) return undefined
    const state = randomBytes(32).toString('base64url')
    try {
      const url = await protocol.signOutUrl(usable, { uri: addressOf(id), state })
      if (url !== undefined) await storage.put(KIND, state, { next }, TTL_SECONDS)
      return url
    } catch (error) {
      // They are signed out here; that the provider does not answer must not keep them.
      if (!(error instanceof UpstreamError)) throw error
      onProblem(id, error)
      return undefined
    }
  }
  return {
    lead,
    /** Where a person goes on who comes back from the provider, once. */
    async after(state: string): Promise<string | undefined> {
      const next = (await storage.get(KIND, state))?.artifact.next
      return typeof next === 'string' && (await storage.consume(KIND, state)) ? next : undefined
    },
  }
}
