import type { AdapterPayload, KoaContextWithOIDC } from 'oidc-provider'
import type { Client } from '../../clients/client.ts'
import type { ClientDocuments } from '../../clients/documents/documents.ts'
import type { ClientRegistry } from '../../clients/registry.ts'
import { toLibraryClient } from './client-metadata.ts'

export type FindLibraryClientDeps = {
  readonly clients: Pick<ClientRegistry, 'find' | 'forget' | 'get'>
  readonly documents: Pick<ClientDocuments, 'admit' | 'isAsked'>
  readonly requestUnderWay: () => KoaContextWithOIDC | undefined
}

/** The endpoints where a sign-in begins: only there a metadata document is fetched. */
const BEGINNINGS: readonly string[] = ['authorization', 'pushed_authorization_request']

/**
 * Clients as the library asks for them. A client id that is an address is looked at anew where a sign-in begins, once in a request; a
 * client that an operator registered under such an id is one like any other.
 */
export function createFindLibraryClient({ clients, documents, requestUnderWay }: FindLibraryClientDeps) {
  const lookedAt = new WeakMap<object, Map<string, Promise<boolean>>>()

  function mayBegin(ctx: KoaContextWithOIDC, clientId: string): Promise<boolean> {
    const before = lookedAt.get(ctx) ?? new Map<string, Promise<boolean>>()
    lookedAt.set(ctx, before)
    const found = before.get(clientId) ?? admitUnlessRegistered(clientId, ctx.ip)
    before.set(clientId, found)
    return found
  }

  async function admitUnlessRegistered(clientId: string, ip: string): Promise<boolean> {
    const known = await clients.find(clientId)
    const isRegistered = known ? known.metadata.document === undefined : (await clients.get(clientId)) !== undefined
    return isRegistered || documents.admit(clientId, ip)
  }

  /** Another node may have stored it a moment ago, and its word of that is still on the way. */
  function findAnew(clientId: string): Promise<Client | undefined> {
    clients.forget(clientId)
    return clients.find(clientId)
  }

  return async function findLibraryClient(clientId: string): Promise<AdapterPayload | undefined> {
    const ctx = requestUnderWay()
    const isBeginning = ctx !== undefined && BEGINNINGS.includes(ctx.oidc?.route)
    const isAsked = isBeginning && documents.isAsked(clientId)
    if (isAsked && !(await mayBegin(ctx, clientId))) return undefined
    const client = (await clients.find(clientId)) ?? (isAsked ? await findAnew(clientId) : undefined)
    return client && toLibraryClient(client)
  }
}
