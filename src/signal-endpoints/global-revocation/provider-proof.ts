import type { Storage } from '../../storage/storage.ts'
import { resolveUpstream } from '../../upstreams/kinds.ts'
import type { UpstreamProtocol } from '../../upstreams/protocol/provider.ts'
import { UpstreamError } from '../../upstreams/protocol/upstream-error.ts'
import { LOGOUT_TOKEN_SECONDS } from '../../upstreams/protocol/verify-token.ts'
import type { UpstreamRegistry } from '../../upstreams/registry.ts'
import type { Upstream } from '../../upstreams/upstream-schema.ts'

export type ProviderProofDeps = {
  readonly registry: Pick<UpstreamRegistry, 'find' | 'usable'>
  readonly protocol: Pick<UpstreamProtocol, 'readRevocationToken'>
  readonly storage: Pick<Storage, 'putOnce'>
  /** The address of the endpoint: the audience of the JWT. */
  readonly endpoint: string
  readonly onProblem: (upstreamId: string, problem: unknown) => void
}

/** A sign-in provider that proved itself. */
export type ProvenProvider = { readonly upstreamId: string; readonly issuer: string }

/** Undefined for a JWT of nobody we know, and for one that was used before. */
export type ProveProvider = (token: string) => Promise<ProvenProvider | undefined>

const KIND = 'UpstreamRevocationToken'
const TYP = /^(?:application\/)?global-token-revocation\+jwt$/i

/** Whether a token says of itself that it is the JWT of a provider. Nothing is believed of it yet. */
export function isProviderProof(token: string): boolean {
  const typ = partOf(token, 0)?.typ
  return typeof typ === 'string' && TYP.test(typ)
}

/** Lets a sign-in provider prove itself by a JWT that its own keys signed, each of them once. */
export function createProveProvider(deps: ProviderProofDeps): ProveProvider {
  const { registry, protocol, storage, endpoint, onProblem } = deps
  return async function proveProvider(token) {
    const claims = partOf(token, 1)
    const { id } = (claims && registry.usable().find((upstream) => isIssuerOf(upstream, claims))) ?? {}
    const usable = id === undefined ? undefined : registry.find(id)
    if (id === undefined || !usable) return undefined
    try {
      const { issuer, jti } = await protocol.readRevocationToken(usable, token, endpoint)
      const isFirst = await storage.putOnce(KIND, `${issuer}\n${jti}`, {}, LOGOUT_TOKEN_SECONDS)
      return isFirst ? { upstreamId: id, issuer } : undefined
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      onProblem(id, error)
      return undefined
    }
  }
}

function isIssuerOf(upstream: Upstream, claims: Readonly<Record<string, unknown>>): boolean {
  const { metadataIssuer, tokenIssuers } = resolveUpstream(upstream)
  return typeof claims.iss === 'string' && tokenIssuers(metadataIssuer, claims).includes(claims.iss)
}

function partOf(token: string, index: number): Readonly<Record<string, unknown>> | undefined {
  try {
    const part: unknown = JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString('utf8'))
    return typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : undefined // an object
  } catch {
    return undefined
  }
}
