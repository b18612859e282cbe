import type { Context } from 'koa'
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'

/** Where a page can lead a person who would be stuck on it. */
export type WaysOut = {
  readonly client?: { readonly name: string; readonly home?: string }
  /** The path of the sign-out that asks for nothing: after one that a client asked for in vain. */
  readonly signOut?: string
}

/** A client as pages name it, with its own address where it registered one (OpenID Connect Registration §2). */
export function describeClient(client: Client): NonNullable<WaysOut['client']> {
  const home = client.clientUri ?? client.postLogoutRedirectUris?.[0]
  return { name: client.clientName ?? client.clientId, ...(home !== undefined && { home }) }
}

/** The same of its metadata. */
export function describeMetadata(client: ClientMetadata): NonNullable<WaysOut['client']> {
  const home = typeof client.client_uri === 'string' ? client.client_uri : client.post_logout_redirect_uris?.[0]
  return { name: client.client_name ?? client.client_id, ...(home !== undefined && { home }) }
}

/** The ways out of a page that reports an error of the protocol. */
export async function waysOutOf(given: Context): Promise<WaysOut> {
  const { oidc } = given as Partial<KoaContextWithOIDC> // absent where the library did not get that far
  if (!oidc) return {}
  const isSignOut = oidc.route.startsWith('end_session')
  const client = oidc.client ?? (isSignOut ? await clientOfSignOut(oidc) : undefined)
  return {
    ...(client && { client: describeClient(client) }),
    ...(isSignOut && { signOut: oidc.provider.pathFor('end_session') }),
  }
}

/** Whoever asked for a sign-out is named by the request, whether or not its hint is worth anything. */
async function clientOfSignOut(oidc: KoaContextWithOIDC['oidc']): Promise<Client | undefined> {
  // The library keeps the header and the payload of the hint.
  const hint = oidc.entities.IdTokenHint as { payload?: { aud?: unknown } } | undefined
  const clientId = oidc.params?.client_id ?? hint?.payload?.aud
  if (typeof clientId !== 'string') return undefined
  return oidc.provider.Client.find(clientId).catch(() => undefined)
}
