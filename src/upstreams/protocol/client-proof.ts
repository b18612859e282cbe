import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { algorithmOf, readKey } from '../client-key.ts'
import type { ResolvedUpstream } from '../kinds.ts'
import { UpstreamError } from './upstream-error.ts'

/** What a request to the token endpoint carries to prove the client. */
export type ClientProof = {
  readonly headers: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, string>>
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const LIFETIME_SECONDS = 300

/** Proves the client to the token endpoint of its provider in the way that was agreed. */
export async function proveClient(
  upstream: ResolvedUpstream,
  secret: string | undefined,
  tokenEndpoint: string,
): Promise<ClientProof> {
  const { clientId, clientAuthentication } = upstream
  if (clientAuthentication === 'none') return { headers: {}, fields: { client_id: clientId } }
  if (secret === undefined) throw new UpstreamError('token', 'the upstream has no secret')
  switch (clientAuthentication) {
    case 'client_secret_basic':
      return { headers: { authorization: basic(clientId, secret) }, fields: {} }
    case 'client_secret_post':
      return { headers: {}, fields: { client_id: clientId, client_secret: secret } }
    case 'private_key_jwt': {
      const claims = { iss: clientId, sub: clientId, aud: tokenEndpoint, jti: randomUUID() }
      const client_assertion = await sign(upstream, secret, claims)
      return { headers: {}, fields: { client_id: clientId, client_assertion_type: ASSERTION_TYPE, client_assertion } }
    }
    case 'apple_key': {
      const claims = { iss: upstream.teamId, sub: clientId, aud: upstream.issuer }
      return { headers: {}, fields: { client_id: clientId, client_secret: await sign(upstream, secret, claims) } }
    }
  }
}

/** RFC 6749 §2.3.1: form-encoded first. */
function basic(id: string, secret: string): string {
  const encode = (value: string) => encodeURIComponent(value).replaceAll('%20', '+')
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`
}

async function sign({ keyId }: ResolvedUpstream, secret: string, claims: object): Promise<string> {
  const key = readKey(secret)
  if (!key) throw new UpstreamError('token', 'the secret is no private key')
  const issuedAt = Math.floor(Date.now() / 1000)
  return new SignJWT({ ...claims, iat: issuedAt, exp: issuedAt + LIFETIME_SECONDS })
    .setProtectedHeader({ alg: algorithmOf(key), ...(keyId !== undefined && { kid: keyId }), typ: 'JWT' })
    .sign(key)
}
