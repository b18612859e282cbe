import type { Client } from '../clients/client.ts'
import { digestSecret, matchesDigest } from '../clients/secrets.ts'
import { factsOf } from '../http/request-facts.ts'
import type { FastRequest } from './request.ts'

/** The client that a request proves, or, without a secret, the public client that it names; undefined: ask the engine. */
export type ProveClient = (request: FastRequest) => Client | undefined

export type ProveClientDeps = {
  /** An enabled client that this node knows already. */
  readonly peekClient: (clientId: string) => Client | undefined
  /** Whether the client proved itself from there not long ago: only then is a secret checked without counting tries. */
  readonly isKnownPlace: (clientId: string, network: string) => boolean
}

type Proof = { readonly clientId: string; readonly digest: string }

const BASIC = /^Basic ((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/
/** A name and a secret of plain characters, none of which RFC 6749 §2.3.1 would have encoded. */
const PAIR = /^([\w.~-]+):([\x20-\x24\x26-\x2a\x2c-\x7e]+)$/
const LONGEST_HEADER = 1000

/**
 * Knows clients by a secret, in the header or the form, and public clients by their id. It never refuses: a proof that
 * does not hold, or that it does not understand, is for the engine to judge, count and answer.
 */
export function createProveClient({ peekClient, isKnownPlace }: ProveClientDeps): ProveClient {
  // A service keeps its connection, and says the same with every request on it.
  const lastOf = new WeakMap<object, { readonly header: string; readonly proof: Proof | undefined }>()

  function proofIn(header: string, connection: object): Proof | undefined {
    const last = lastOf.get(connection)
    if (last?.header === header) return last.proof
    const proof = readBasic(header)
    lastOf.set(connection, { header, proof })
    return proof
  }

  function proved({ clientId, digest }: Proof, network: string): Client | undefined {
    const client = peekClient(clientId)
    if (!client || !hasSecret(client) || !isKnownPlace(clientId, network)) return undefined
    return matchesDigest(client.secrets, digest, Date.now() / 1000) ? client : undefined
  }

  function find({ headers: { authorization }, form, network, connection }: FastRequest): Client | undefined {
    const { client_id: named, client_secret: secret } = form
    if (authorization !== undefined) {
      const proof = secret === undefined ? proofIn(authorization, connection) : undefined
      return proof && (named === undefined || named === proof.clientId) ? proved(proof, network) : undefined
    }
    if (named === undefined) return undefined
    if (secret !== undefined) return proved({ clientId: named, digest: digestSecret(secret) }, network)
    const client = peekClient(named)
    return client?.metadata.token_endpoint_auth_method === 'none' ? client : undefined
  }

  return function proveClient(request) {
    const client = find(request)
    if (client) factsOf(request).clientId = client.metadata.client_id
    return client
  }
}

function readBasic(header: string): Proof | undefined {
  const encoded = header.length <= LONGEST_HEADER ? BASIC.exec(header)?.[1] : undefined
  if (!encoded) return undefined
  const [, clientId, secret] = PAIR.exec(Buffer.from(encoded, 'base64').toString('latin1')) ?? []
  return clientId && secret ? { clientId, digest: digestSecret(secret) } : undefined
}

/** The engine takes either way of showing a secret from a client that is registered for one of them. */
function hasSecret({ metadata: { token_endpoint_auth_method: method = 'client_secret_basic' } }: Client): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post'
}
