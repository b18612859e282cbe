import type { Ask } from './outgoing.ts'
import { jsonObject } from './outgoing.ts'

/** What is read of the server's metadata (OIDC Discovery §3, RFC 8414 §2). */
export type ServerMetadata = {
  readonly jwksUri?: string
  readonly introspectionEndpoint?: string
  readonly revocationFeed?: string
}

export type FindMetadata = () => Promise<ServerMetadata>

const KEPT_MS = 3_600_000
const RETRY_MS = 2000
const MAX_BYTES = 262_144

/**
 * Reads the server's metadata once in an hour; what was read stays while the server is away. Fails at once within two
 * seconds of a failure, so that requests do not queue for a server that is away.
 */
export function createFindMetadata(issuer: string, ask: Ask, now: () => number): FindMetadata {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  let known: { readonly metadata: ServerMetadata; readonly atMs: number } | undefined
  let failed: { readonly error: unknown; readonly atMs: number } | undefined
  let underWay: Promise<ServerMetadata> | undefined

  async function read(): Promise<ServerMetadata> {
    const { status, body } = await ask(url, { maxBytes: MAX_BYTES, headers: { accept: 'application/json' } })
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    const said = jsonObject(body)
    // RFC 8414 §3.3: metadata of another issuer must not be used.
    if (said.issuer !== issuer)
      throw new Error(`${url} is of the issuer ${JSON.stringify(said.issuer)}, not of ${issuer}`)
    return {
      ...text('jwksUri', said.jwks_uri),
      ...text('introspectionEndpoint', said.introspection_endpoint),
      ...text('revocationFeed', said.vestibule_revocation_feed),
    }
  }

  async function refresh(): Promise<ServerMetadata> {
    try {
      const metadata = await read()
      known = { metadata, atMs: now() }
      failed = undefined
      return metadata
    } catch (error) {
      failed = { error, atMs: now() }
      if (known) return known.metadata
      throw error
    } finally {
      underWay = undefined
    }
  }

  return async function findMetadata() {
    if (known && now() - known.atMs < KEPT_MS) return known.metadata
    if (failed && now() - failed.atMs < RETRY_MS) {
      if (known) return known.metadata
      throw failed.error
    }
    underWay ??= refresh()
    return underWay
  }
}

function text<K extends string>(name: K, value: unknown): { readonly [name in K]?: string } {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value)) return {}
  return { [name]: value } as { readonly [name in K]?: string } // the one member there is
}
