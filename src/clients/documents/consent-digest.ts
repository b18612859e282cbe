import { hash } from 'node:crypto'
import type { ClientMetadata } from '../client-schema.ts'
import { redirectHost } from './redirects.ts'

/**
 * A digest of what people consent to when they let an app in: where it takes them, its keys, its name, and how it
 * proves who it is. When one of them changes, people are asked again.
 */
export function consentDigest(metadata: ClientMetadata): string {
  const { redirect_uris = [], jwks, client_name, token_endpoint_auth_method } = metadata
  const hosts = [...new Set(redirect_uris.map(redirectHost))].sort()
  const keys = (jwks?.keys ?? []).map((key) => JSON.stringify(Object.entries(key).sort())).sort()
  return hash('sha256', JSON.stringify([hosts, keys, client_name, token_endpoint_auth_method]), 'base64url')
}
