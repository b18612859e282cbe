import type { GuardedFetch } from '../../outgoing/guarded-fetch.ts'
import { OutgoingError } from '../../outgoing/guarded-fetch.ts'
import type { ClientMetadata } from '../client-schema.ts'
import { cacheSeconds } from './cache-time.ts'
import { DocumentFault, readDocument, readKeySet } from './read-document.ts'

/** How long a document, and the keys it points to, may take together, and how large each may be. */
export const DOCUMENT_LIMITS = { timeoutMs: 2500, maxBytes: 16 * 1024 } as const

const JSON_TYPE = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json$/i

/** What was fetched: a client with its keys in it, and for how long it may be used without asking again. */
export type FetchedDocument = { readonly metadata: ClientMetadata; readonly cacheSeconds: number }

export type FetchDocument = (url: URL) => Promise<FetchedDocument>

/**
 * Fetches a document, and the keys it points to: the protocol engine never calls an address of a stranger.
 *
 * @throws {DocumentFault} where there is none that can be used.
 */
export function createFetchDocument({
  fetch,
  issuer,
}: {
  /** Guarded, with `DOCUMENT_LIMITS`. */
  readonly fetch: GuardedFetch
  readonly issuer: string
}): FetchDocument {
  async function get(address: string | URL, what: string, signal: AbortSignal) {
    // Some sites turn away who does not say what it is.
    const headers = { accept: 'application/json', 'user-agent': `client-metadata-reader (+${issuer})` }
    const answer = await fetch(address, { headers, signal }).catch((error: unknown) => {
      throw new DocumentFault(error instanceof OutgoingError ? `${what}: ${error.message}` : `${what}: no answer`)
    })
    // A redirect is an answer as well.
    if (answer.status !== 200) throw new DocumentFault(`${what} was answered with status ${answer.status}`)
    const [type = ''] = (answer.headers.get('content-type') ?? '').split(';')
    if (!JSON_TYPE.test(type.trim())) throw new DocumentFault(`${what} is not of a JSON type`)
    const text = decoded(await answer.arrayBuffer(), what)
    return { text, seconds: cacheSeconds(answer.headers, Date.now()) }
  }

  async function read(url: URL, signal: AbortSignal): Promise<FetchedDocument> {
    const { text, seconds } = await get(url, 'the document', signal)
    const { metadata, jwksUri } = readDocument(text, url)
    if (jwksUri === undefined) return { metadata, cacheSeconds: seconds }
    const keys = await get(jwksUri, 'the key set', signal)
    return {
      metadata: { ...metadata, jwks: readKeySet(keys.text) },
      cacheSeconds: Math.min(seconds, keys.seconds),
    }
  }

  return async function fetchDocument(url) {
    const signal = AbortSignal.timeout(DOCUMENT_LIMITS.timeoutMs)
    const late = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new DocumentFault('the document took too long')), { once: true })
    })
    return Promise.race([read(url, signal), late])
  }
}

function decoded(bytes: ArrayBuffer, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new DocumentFault(`${what} is not UTF-8`)
  }
}
