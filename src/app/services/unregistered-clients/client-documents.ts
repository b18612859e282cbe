import type { AuditEventType } from '../../../audit/events.ts'
import { createDocumentBlocking } from '../../../clients/documents/blocking.ts'
import { createDocumentRows, type DocumentRows } from '../../../clients/documents/document-rows.ts'
import {
  type ClientDocuments,
  createClientDocuments,
  type DocumentNote,
  type DocumentOutcome,
} from '../../../clients/documents/documents.ts'
import { createFetchDocument, DOCUMENT_LIMITS } from '../../../clients/documents/fetch-document.ts'
import type { ClientRegistry } from '../../../clients/registry.ts'
import { brandName, type Config, outgoingNetworks } from '../../../config.ts'
import { createGuardedFetch } from '../../../outgoing/guarded-fetch.ts'
import type { Backends } from '../../backends.ts'
import type { TokenServices } from '../tokens.ts'

/** Clients that metadata documents describe. */
export type DocumentServices = {
  readonly documents: ClientDocuments
  readonly rows: DocumentRows
  readonly blocking: ReturnType<typeof createDocumentBlocking>
  /** Members of the server's metadata that say so. */
  readonly metadata: Readonly<Record<string, boolean>>
  /** The registry finds these clients, and forgets them when they change. */
  readonly connect: (registry: Pick<ClientRegistry, 'forget' | 'names'>) => void
}

/** Nodes are told of a document that changed, by its client id, or of all of them by the empty text. */
const TOPIC = 'client-documents'

/** What is bounded by the budget of fetches; the rest is counted only. */
const AUDITED: Partial<Record<DocumentOutcome, AuditEventType>> = {
  accepted: 'client-document.accepted',
  refused: 'client-document.refused',
}

export function createDocumentServices(
  config: Config,
  {
    database: { knex },
    storage,
    auditTrail,
    metrics,
  }: Pick<Backends, 'database' | 'storage' | 'auditTrail' | 'metrics'>,
  { endSignIn }: Pick<TokenServices, 'endSignIn'>,
): DocumentServices {
  const rows = createDocumentRows(knex)
  let registry: Pick<ClientRegistry, 'forget' | 'names'> | undefined

  async function onChange(clientId?: string): Promise<void> {
    registry?.forget(clientId)
    await storage.publish(TOPIC, clientId)
  }

  function note({ outcome, clientId, ip, reason }: DocumentNote): void {
    metrics.clientDocuments.inc({ outcome })
    const type = AUDITED[outcome]
    if (type) auditTrail.append({ type, clientId, ip, ...(reason !== undefined && { reason }) })
  }

  return {
    rows,
    documents: createClientDocuments({
      policy: { mode: config.CLIENT_METADATA_DOCUMENTS, listed: config.CLIENT_METADATA_HOSTS },
      rows,
      storage,
      onChange,
      fetchDocument: createFetchDocument({
        fetch: createGuardedFetch({ allowedNetworks: outgoingNetworks(config), ...DOCUMENT_LIMITS }),
        issuer: config.ISSUER,
      }),
      takenNames: async () => [brandName(config), ...((await registry?.names()) ?? [])],
      note,
    }),
    blocking: createDocumentBlocking({
      rows,
      onChange,
      endTokens: (id, by) => endSignIn({ what: { of: 'client', id }, why: 'client-disabled', by }),
    }),
    metadata: config.CLIENT_METADATA_DOCUMENTS === 'off' ? {} : { client_id_metadata_document_supported: true },
    connect(found) {
      registry = found
      storage.subscribe(TOPIC, (about) => found.forget(about === '' ? undefined : about))
    },
  }
}
