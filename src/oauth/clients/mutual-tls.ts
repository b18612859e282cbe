import { X509Certificate } from 'node:crypto'
import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { matchesSubject } from './certificate-subject.ts'

/** Headers in which a proxy that ends TLS hands on what it saw. The host guard takes them from trusted proxies only. */
export type MutualTls = {
  /** Holds the client's certificate. */
  readonly certificateHeader: string
  /** Holds SUCCESS where the proxy verified the certificate. Absent: no client is known by an authority's word. */
  readonly verifiedHeader?: string
  /** The origin at which the proxy asks for certificates, where that is not the issuer's. */
  readonly url?: string
}

/** The member by which a client asks for tokens that are bound to its certificate (RFC 8705 §3.4). */
export const BOUND_TOKENS = 'tls_client_certificate_bound_access_tokens'

const VERIFIED = 'SUCCESS'
const ALIASED = {
  token_endpoint: '/token',
  introspection_endpoint: '/introspect',
  revocation_endpoint: '/revoke',
  userinfo_endpoint: '/userinfo',
  pushed_authorization_request_endpoint: '/par',
  device_authorization_endpoint: '/device_authorization',
  backchannel_authentication_endpoint: '/backchannel',
}

type Feature = NonNullable<NonNullable<Configuration['features']>['mTLS']>

/** Client authentication by certificate and tokens that are bound to one (RFC 8705). */
export function mutualTlsFeature({ certificateHeader, verifiedHeader }: MutualTls): Feature {
  const certificateOf = (ctx: KoaContextWithOIDC) => readCertificate(ctx.get(certificateHeader))
  return {
    enabled: true,
    certificateBoundAccessTokens: true,
    selfSignedTlsClientAuth: true,
    tlsClientAuth: verifiedHeader !== undefined,
    getCertificate: certificateOf,
    certificateAuthorized: (ctx) => verifiedHeader !== undefined && ctx.get(verifiedHeader) === VERIFIED,
    certificateSubjectMatches(ctx, property, expected) {
      const certificate = certificateOf(ctx)
      return certificate !== undefined && matchesSubject(certificate, property, expected)
    },
  }
}

/** Refuses such a client without a certificate: its tokens would not be bound to it. */
export function refuseBoundTokens(_ctx: unknown, member: string, value: unknown): void {
  if (member !== BOUND_TOKENS || value !== true) return
  throw new errors.InvalidClientMetadata(`${BOUND_TOKENS} needs MTLS_CERTIFICATE_HEADER`)
}

/** The ways to authenticate that certificates add. */
export function mutualTlsMethods({ verifiedHeader }: MutualTls): ('self_signed_tls_client_auth' | 'tls_client_auth')[] {
  return verifiedHeader ? ['self_signed_tls_client_auth', 'tls_client_auth'] : ['self_signed_tls_client_auth']
}

/** Where clients with certificates go instead (RFC 8705 §5): below the issuer's path, unless `url` has one itself. */
export function mutualTlsAliases({ url }: MutualTls, path: string): Record<string, Record<string, string>> {
  if (url === undefined) return {}
  const bare = url.replace(/\/$/, '')
  const base = new URL(url).pathname === '/' ? bare + path : bare
  const aliases = Object.entries(ALIASED).map(([name, endpoint]) => [name, base + endpoint])
  return { mtls_endpoint_aliases: Object.fromEntries(aliases) }
}

/** PEM in URL encoding (nginx), a byte sequence (RFC 9440), or bare Base64; undefined for anything else. */
export function readCertificate(header: string): X509Certificate | undefined {
  if (header === '') return undefined
  try {
    const text = header.startsWith(':') ? header.slice(1, -1) : decodeURIComponent(header)
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}
