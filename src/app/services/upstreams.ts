import type { Config } from '../../config.ts'
import type { Log } from '../../log.ts'
import { createEndUpstreamSignIn, type EndUpstreamSignIn } from '../../oauth/browser/upstream-sign-out.ts'
import { messageOf } from '../../thrown.ts'
import { createUpstreamProtocol, type UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import { createUpstreamRegistry, type UpstreamRegistry } from '../../upstreams/registry.ts'
import type { Backends } from '../backends.ts'
import { createSignOutElsewhere } from './sign-out-elsewhere.ts'
import type { TokenServices } from './tokens.ts'

/** Providers at which customers sign in, and what this server asks of them. */
export type UpstreamServices = {
  readonly registry: UpstreamRegistry
  readonly protocol: UpstreamProtocol
  readonly endUpstreamSignIn: EndUpstreamSignIn
  readonly signOutElsewhere: ReturnType<typeof createSignOutElsewhere>
  /** What providers have to know of this server. */
  readonly addressesOf: (id: string) => UpstreamAddresses
  /** Logs why a provider could not be used, or was not believed. */
  readonly onProblem: (upstream: string, problem: unknown) => void
}

export type UpstreamAddresses = {
  readonly callback: string
  readonly backchannelLogout: string
  readonly signedOut: string
}

export function createUpstreamServices(
  { ISSUER }: Pick<Config, 'ISSUER'>,
  {
    database: { knex },
    storage,
    upstreamSealing: sealing,
    guardedFetch,
  }: Pick<Backends, 'database' | 'storage' | 'upstreamSealing' | 'guardedFetch'>,
  {
    endSignIn,
    sessionIndex,
    log,
  }: Pick<TokenServices, 'endSignIn' | 'sessionIndex'> & { readonly log: Pick<Log, 'warn'> },
): UpstreamServices {
  const registry = createUpstreamRegistry({ knex, storage, sealing })
  const protocol = createUpstreamProtocol({ fetch: guardedFetch })
  const addressesOf = (id: string) => ({
    callback: `${ISSUER}/upstreams/${id}/callback`,
    backchannelLogout: `${ISSUER}/upstreams/${id}/backchannel-logout`,
    signedOut: `${ISSUER}/upstreams/${id}/signed-out`,
  })
  const onProblem = (upstream: string, problem: unknown) => {
    const step = problem instanceof UpstreamError ? problem.step : undefined
    log.warn({ event: 'upstream.failed', upstream, step, reason: reasonOf(problem) })
  }
  return {
    registry,
    protocol,
    addressesOf,
    onProblem,
    endUpstreamSignIn: createEndUpstreamSignIn({ storage, sessionIndex, endSignIn }),
    signOutElsewhere: createSignOutElsewhere({
      registry,
      protocol,
      storage,
      addressOf: (id) => addressesOf(id).signedOut,
      onProblem,
    }),
  }
}

function reasonOf(problem: unknown): string {
  const cause = problem instanceof Error && problem.cause instanceof Error ? ` (${messageOf(problem.cause)})` : ''
  return `${messageOf(problem)}${cause}`
}
