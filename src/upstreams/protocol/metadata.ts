import { z } from 'zod'
import { createCache } from '../../cache.ts'
import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import type { ResolvedUpstream } from '../kinds.ts'
import { UpstreamError } from './upstream-error.ts'

/** What is read of a provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 9207 §3). */
export type UpstreamMetadata = z.output<typeof metadata>

const address = z.url({ protocol: /^https?$/ })
const metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: address,
  token_endpoint: address,
  jwks_uri: address,
  userinfo_endpoint: address.optional(),
  end_session_endpoint: address.optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
})

const CACHE_SECONDS = 3600
const LIMIT = 1000

export type FindMetadata = (upstream: ResolvedUpstream) => Promise<UpstreamMetadata>

/**
 * The metadata of a provider, remembered for an hour. Its issuer must be the one that was asked for (§4.3): otherwise one
 * provider could speak for another.
 */
export function createFindMetadata(fetch: GuardedFetch): FindMetadata {
  const cache = createCache((issuer) => load(fetch, issuer), { ttlSeconds: CACHE_SECONDS, limit: LIMIT })
  return async function findMetadata({ issuer, metadataIssuer }) {
    const found = await cache.get(issuer)
    if (found.issuer === issuer || found.issuer === metadataIssuer) return found
    cache.forget(issuer)
    throw new UpstreamError('metadata', 'the metadata is of another issuer')
  }
}

async function load(fetch: GuardedFetch, issuer: string): Promise<UpstreamMetadata> {
  const found = metadata.safeParse(await readJson(fetch, `${issuer}/.well-known/openid-configuration`, 'metadata'))
  if (!found.success) throw new UpstreamError('metadata', 'members are missing, or are no addresses')
  const isPlain = new URL(issuer).protocol === 'http:'
  // People are sent there; what the server calls itself is guarded where it is called.
  const isSafe = isPlain || new URL(found.data.authorization_endpoint).protocol === 'https:'
  if (!isSafe) throw new UpstreamError('metadata', 'authorization_endpoint is not https')
  return found.data
}

/** The JSON at an address. @throws {UpstreamError} */
export async function readJson(
  fetch: GuardedFetch,
  url: string,
  what: UpstreamError['step'],
  init: Parameters<GuardedFetch>[1] = {},
): Promise<unknown> {
  const answer = await fetch(url, { ...init, headers: { accept: 'application/json', ...init?.headers } }).catch(
    (error: unknown) => {
      throw new UpstreamError(what, 'no answer', { cause: error })
    },
  )
  if (answer.status !== 200) throw new UpstreamError(what, `answered ${answer.status}`)
  try {
    return await answer.json()
  } catch {
    throw new UpstreamError(what, 'the answer is not JSON')
  }
}
