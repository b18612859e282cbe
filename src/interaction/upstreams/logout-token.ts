import type { EndUpstreamSignIn } from '../../oauth/browser/upstream-sign-out.ts'
import type { Storage } from '../../storage/storage.ts'
import type { UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import { LOGOUT_TOKEN_SECONDS } from '../../upstreams/protocol/verify-token.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'

export type TakeLogoutTokenDeps = {
  readonly registry: Pick<UpstreamRegistry, 'find'>
  readonly protocol: Pick<UpstreamProtocol, 'readLogoutToken'>
  readonly storage: Pick<Storage, 'putOnce'>
  /** The id of the customer that a person at a provider is here. */
  readonly customerOf: (name: {
    readonly upstreamId: string
    readonly issuer: string
    readonly subject: string
  }) => Promise<string | undefined>
  readonly endUpstreamSignIn: EndUpstreamSignIn
  readonly onProblem: (upstreamId: string, problem: unknown) => void
}

const KIND = 'UpstreamLogoutToken'

/** Back-channel logout of a provider (OpenID Connect Back-Channel Logout 1.0): each token ends a sign-in here, once. */
export function createTakeLogoutToken(deps: TakeLogoutTokenDeps) {
  const { registry, protocol, storage, endUpstreamSignIn, onProblem } = deps

  /** False for a token that is not one of this provider's, or was used before. */
  return async function takeLogoutToken(upstreamId: string, token: string): Promise<boolean> {
    const usable = registry.find(upstreamId)
    if (!usable) return false
    try {
      const { issuer, subject, sid, jti } = await protocol.readLogoutToken(usable, token)
      if (!(await storage.putOnce(KIND, `${issuer}\n${jti}`, {}, LOGOUT_TOKEN_SECONDS))) return false
      const customerId = subject === undefined ? undefined : await deps.customerOf({ upstreamId, issuer, subject })
      await endUpstreamSignIn({ issuer, sid, customerId })
      return true
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      onProblem(upstreamId, error)
      return false
    }
  }
}
