import { lookup } from 'node:dns/promises'
import { type ClientRequest, type IncomingMessage, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-addresses.ts'

/** Why there is no answer. The reason is for logs; it holds no part of the answer. */
export class OutgoingError extends Error {
  readonly reason: OutgoingFailure

  constructor(reason: OutgoingFailure, detail: string, options?: ErrorOptions) {
    super(`${reason}: ${detail}`, options)
    this.reason = reason
  }
}

export type OutgoingFailure = 'address-not-allowed' | 'timeout' | 'too-large' | 'unreachable'

export type GuardedFetch = (url: string | URL, init?: OutgoingRequest) => Promise<Response>

/** The part of `RequestInit` that is used here. */
export type OutgoingRequest = {
  readonly method?: string | undefined
  readonly headers?: ConstructorParameters<typeof Headers>[0]
  readonly body?: string | undefined
  readonly signal?: AbortSignal | null | undefined
}

export type GuardedFetchDeps = {
  /** Networks, in CIDR notation or as addresses, that may be called although they are not public, and without TLS. */
  readonly allowedNetworks: readonly string[]
  /** Every address of a host; the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly timeoutMs?: number
  readonly maxBytes?: number
}

const TIMEOUT_MS = 5000
const MAX_BYTES = 256 * 1024

/**
 * A `fetch` for addresses that others choose (CWE-918): https to public addresses only, and anything to the allowed
 * networks. The host is resolved once and the connection goes to the address that was checked, so that a name cannot
 * lead elsewhere a moment later. Redirects are answers. An answer is read whole, within limits of time and size.
 *
 * @throws {OutgoingError} where there is no answer.
 */
export function createGuardedFetch(deps: GuardedFetchDeps): GuardedFetch {
  const { resolve = resolveAll, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = deps
  const isListed = createIsListed(deps.allowedNetworks)

  return async function guardedFetch(address, { method = 'GET', headers, body, signal } = {}) {
    const url = new URL(address)
    const isAllowed = isAllowedBy(url, isListed)
    const deadline = AbortSignal.timeout(timeoutMs)
    const send = url.protocol === 'https:' ? overHttps : overHttp
    try {
      const pinned = await addressOf(url, { resolve, isAllowed, deadline })
      const request = send(url, {
        method,
        headers: Object.fromEntries(new Headers({ ...headersOf(headers), 'accept-encoding': 'identity' })),
        agent: false,
        lookup: alwaysTo(pinned),
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      })
      return await answerOf(request, body, maxBytes)
    } catch (error) {
      if (error instanceof OutgoingError) throw error
      if (deadline.aborted) throw new OutgoingError('timeout', `${url.host} took more than ${timeoutMs} ms`)
      throw new OutgoingError('unreachable', url.host, { cause: error })
    }
  }
}

/**
 * Says whether `createGuardedFetch` would call an address now, as far as that can be known without calling it.
 *
 * @returns false as well where the host has no address.
 */
export function createMayCall({ resolve = resolveAll, timeoutMs = TIMEOUT_MS, allowedNetworks }: GuardedFetchDeps) {
  const isListed = createIsListed(allowedNetworks)
  return async function mayCall(address: string | URL): Promise<boolean> {
    const url = new URL(address)
    const deadline = AbortSignal.timeout(timeoutMs)
    const found = addressOf(url, { resolve, isAllowed: isAllowedBy(url, isListed), deadline })
    return found.then(
      () => true,
      () => false,
    )
  }
}

function isAllowedBy({ protocol }: URL, isListed: (address: string) => boolean): (address: string) => boolean {
  if (protocol === 'https:') return (ip) => isPublicAddress(ip) || isListed(ip)
  return (ip) => protocol === 'http:' && isListed(ip)
}

/** Why an address that others choose will not be called; undefined for one that may be, and for a host that nobody knows yet. */
export type AddressProblem = (url: string) => Promise<string | undefined>

/** The check of the guarded `fetch` before there is anything to send: for addresses that are about to be kept. */
export function createAddressProblem(
  deps: Pick<GuardedFetchDeps, 'allowedNetworks' | 'resolve' | 'timeoutMs'>,
): AddressProblem {
  const { resolve = resolveAll, timeoutMs = TIMEOUT_MS } = deps
  const isListed = createIsListed(deps.allowedNetworks)
  return async function addressProblem(address) {
    const url = URL.parse(address)
    if (!url || !['http:', 'https:'].includes(url.protocol)) return 'must be an https address'
    if (url.username !== '' || url.password !== '' || url.hash !== '') return 'must have no user, password or fragment'
    const isAllowed = isAllowedBy(url, isListed)
    try {
      await addressOf(url, { resolve, isAllowed, deadline: AbortSignal.timeout(timeoutMs) })
      return undefined
    } catch (error) {
      if (!(error instanceof OutgoingError)) return undefined
      return url.protocol === 'https:' ? 'must lead to a public address' : 'must be an https address'
    }
  }
}

function headersOf(headers: OutgoingRequest['headers']): Record<string, string> {
  return Object.fromEntries(new Headers(headers))
}

function createIsListed(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, Number(prefix ?? (family === 'ipv4' ? 32 : 128)), family)
  }
  return (address) => list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

async function resolveAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

type Resolution = {
  readonly resolve: (host: string) => Promise<readonly string[]>
  readonly isAllowed: (address: string) => boolean
  readonly deadline: AbortSignal
}

/** The first address of the host that may be called. */
async function addressOf(url: URL, { resolve, isAllowed, deadline }: Resolution): Promise<string> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = isIP(host) ? [host] : await Promise.race([resolve(host), rejectionOf(deadline)])
  const allowed = addresses.find((address) => isIP(address) !== 0 && isAllowed(address))
  if (allowed !== undefined) return allowed
  throw new OutgoingError('address-not-allowed', `${url.protocol}//${url.host} is ${addresses.join(', ') || 'nowhere'}`)
}

/** The resolver of the system cannot be called off. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }) // a timeout's is an error
  })
}

/** Whatever the connection asks for, it gets the address that was checked. */
function alwaysTo(address: string): LookupFunction {
  const family = isIPv4(address) ? 4 : 6
  return (_host, { all }, callback) => (all ? callback(null, [{ address, family }]) : callback(null, address, family))
}

function answerOf(request: ClientRequest, body: string | undefined, maxBytes: number): Promise<Response> {
  return new Promise((resolve, reject) => {
    request.once('error', reject)
    request.once('response', (message) => {
      // A status or a header that is none rejects as well.
      readWithin(message, maxBytes)
        .then((bytes) => responseOf(message, bytes))
        .then(resolve, reject)
    })
    request.once('upgrade', (_message, socket) => {
      socket.destroy()
      reject(new Error('it wants to speak another protocol'))
    })
    request.end(body)
  })
}

async function readWithin(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let received = 0
  // A stream without an encoding gives buffers.
  for await (const chunk of message as AsyncIterable<Buffer>) {
    received += chunk.length
    if (received > maxBytes) throw new OutgoingError('too-large', `more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Statuses that have no body (Fetch Standard, "null body status"). */
const WITHOUT_BODY = new Set([204, 205, 304])

function responseOf({ statusCode = 502, headersDistinct }: IncomingMessage, bytes: Buffer): Response {
  const headers = new Headers()
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value)
  }
  return new Response(WITHOUT_BODY.has(statusCode) ? null : new Uint8Array(bytes), { status: statusCode, headers })
}
