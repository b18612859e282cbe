import type { DialectServices } from '../services.ts'
import type { AskingClient } from './request.ts'

/** What the token pipeline is shown of a client. */
export type ClientProof = {
  readonly credentials: { readonly client_id: string; readonly client_secret?: string }
  /** The client is public and shows a secret nevertheless. */
  readonly isOpenSecret: boolean
}

/**
 * Storefronts of older releases have a secret in the code that every browser gets (`mobile_android` with `secret`). A client that is
 * registered as public here is what it says: its secret is not looked at, and it may do what a public client may.
 */
export async function proofOf(
  { client_id, client_secret }: AskingClient,
  services: Pick<DialectServices, 'isPublicClient'>,
): Promise<ClientProof> {
  if (client_secret === undefined) return { credentials: { client_id }, isOpenSecret: false }
  const isOpenSecret = await services.isPublicClient(client_id)
  return { credentials: isOpenSecret ? { client_id } : { client_id, client_secret }, isOpenSecret }
}
