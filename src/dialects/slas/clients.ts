import type { DialectServices } from '../services.ts'
import type { Client } from './request.ts'

/** Whether the secret is the client's: asked of introspection, which answers none but a client that proves who it is. */
export async function provesClient(client: Required<Client>, services: DialectServices): Promise<boolean> {
  const { status } = await services.introspect({ ...client, token: 'none' })
  return status === 200
}

/** Whether the client was given a scope by name: what acts for others is no scope that a client has by itself. */
export function mayAsk({ client_id }: Client, scope: string, services: DialectServices): Promise<boolean> {
  return services.codes.isGiven(client_id, scope)
}
