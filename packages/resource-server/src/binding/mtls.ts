import { createHash, X509Certificate } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { Incoming } from '../incoming.ts'

export type MtlsOptions = {
  /**
   * The header in which the proxy that ends TLS hands the client's certificate on; without it the certificate is that of
   * the connection. Read as RFC 9440 (`Client-Cert`), as PEM with percent signs (nginx: `$ssl_client_escaped_cert`), as
   * bare base64 of its DER form, or as Envoy's `X-Forwarded-Client-Cert`.
   */
  readonly header?: string
  /** Addresses and ranges of the proxies whose header is believed; everybody else's is ignored. */
  readonly trustedProxies?: readonly string[]
  /** Refuses tokens that are not bound to a certificate. */
  readonly isRequired?: boolean
}

export type Mtls = {
  readonly isRequired: boolean
  /** The `x5t#S256` of the request's certificate (RFC 8705 §3.1), or undefined. */
  thumbprint(incoming: Incoming): string | undefined
}

const MAX_CERTIFICATE_BYTES = 16_384

/** @throws TypeError when the options trust a header of everybody. */
export function createMtls({ header, trustedProxies = [], isRequired = false }: MtlsOptions): Mtls {
  const name = header?.toLowerCase()
  if (name && trustedProxies.length === 0) {
    throw new TypeError(
      'createResourceServer: mtls.header needs mtls.trustedProxies: otherwise every client could write it',
    )
  }
  const trusted = blockListOf(trustedProxies)

  return {
    isRequired,
    thumbprint(incoming) {
      if (!name) return fromSocket(incoming.socket)
      if (!isTrusted(trusted, incoming.socket)) return undefined
      const values = incoming.header(name)
      return values.length === 1 && values[0] !== undefined ? fromHeader(values[0]) : undefined
    },
  }
}

function fromSocket(socket: object | undefined): string | undefined {
  // A TLS socket of Node has it; with a session that was resumed as well.
  const { getPeerX509Certificate } = (socket ?? {}) as { getPeerX509Certificate?: () => X509Certificate | undefined }
  const certificate = getPeerX509Certificate?.call(socket)
  return certificate && digest(certificate.raw)
}

function fromHeader(value: string): string | undefined {
  if (value.length > MAX_CERTIFICATE_BYTES) return undefined
  const [, hash] = /(?:^|;)\s*Hash="?([0-9a-f]{64})"?(?:;|$)/i.exec(value) ?? []
  // Envoy appends: with more than one element the first may be the client's own.
  if (hash) return value.includes(',') ? undefined : Buffer.from(hash, 'hex').toString('base64url')
  try {
    return digest(new X509Certificate(certificateOf(value.trim())).raw)
  } catch {
    return undefined
  }
}

function certificateOf(value: string): string | Buffer {
  if (/^:[\w+/=]+:$/.test(value)) return Buffer.from(value.slice(1, -1), 'base64')
  if (value.startsWith('-----BEGIN')) return decodeURIComponent(value)
  return Buffer.from(value, 'base64')
}

function digest(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64url')
}

function isTrusted(trusted: BlockList, socket: object | undefined): boolean {
  const { remoteAddress } = (socket ?? {}) as { remoteAddress?: unknown } // a socket of Node has it
  if (typeof remoteAddress !== 'string') return false
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const kind = isIP(address)
    const most = kind === 6 ? 128 : 32
    const prefix = bits === undefined ? most : Number(bits)
    if (kind === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most || bits === '') {
      throw new TypeError(`createResourceServer: mtls.trustedProxies: ${range} is no address and no range`)
    }
    list.addSubnet(address, prefix, kind === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
