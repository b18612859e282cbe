import type { ResourceServer } from '../../clients/resource-servers.ts'
import { digestOf } from '../accounts/claims.ts'

type Payload = Readonly<Record<string, unknown>>

/**
 * Makes a payload fit into a token of the most bytes that its resource server takes: one that is larger says the digest and the version of
 * its permissions in place of the list, which introspection and userinfo have. One that is still larger names its purchase mandates and no more.
 */
export type FitToken = (payload: Payload, server: ResourceServer | undefined) => Payload

/** The encoded header: algorithm, type and the id of a key. */
const HEADER_BYTES = 200
/** Of the largest keys that sign, encoded. */
const SIGNATURE_BYTES = { ES256: 86, EdDSA: 86, RS256: 683, PS256: 683 } as const

/** `maxBytes` is the limit of resource servers without one of their own: ACCESS_TOKEN_MAX_BYTES. */
export function createFitToken(maxBytes: number): FitToken {
  return function fitToken(payload, server) {
    const most = server?.accessTokenMaxBytes ?? maxBytes
    const { permissions, authorization_details: details } = payload
    const canShrink = details !== undefined || (Array.isArray(permissions) && permissions.length > 0)
    if (!canShrink || tokenBytes(payload, server) <= most) return payload
    const smaller = digested(payload)
    return tokenBytes(smaller, server) <= most ? smaller : referring(smaller)
  }
}

function digested(payload: Payload): Payload {
  const { permissions, ...others } = payload
  if (!Array.isArray(permissions) || permissions.length === 0) return payload
  const keys = permissions as Permissions // as `commerceClaims` makes them
  return { ...others, permissions_digest: digestOf(keys), permissions_version: Date.now() }
}

/** Names purchase mandates in place of saying them: introspection says what they allow. */
function referring(payload: Payload): Payload {
  const { authorization_details: details, ...others } = payload
  if (!Array.isArray(details)) return payload
  const named = details as { type?: unknown; mandate_id?: unknown }[] // as `detailOf` makes them
  return { ...others, authorization_details: named.map(({ type, mandate_id }) => ({ type, mandate_id })) }
}

/** How long the token of a payload is at most, in bytes, with its header and signature. */
function tokenBytes(payload: Payload, server: ResourceServer | undefined): number {
  const signature = SIGNATURE_BYTES[server?.algorithm ?? 'ES256']
  return HEADER_BYTES + Math.ceil((Buffer.byteLength(JSON.stringify(payload)) * 4) / 3) + signature + 2
}

type Permissions = Parameters<typeof digestOf>[0]
