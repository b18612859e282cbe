import type { Context } from 'koa'
import type { Client, KoaContextWithOIDC } from 'oidc-provider'
import type { ClientMetadata } from '../../clients/client.ts'

/** What a client registered of itself that pages show. */
export type ClientFacts = {
  readonly name: string
  /** The shop's own software. */
  readonly isFirstParty: boolean
  /** Whose address it registered, as people compare it with what they know. */
  readonly host?: string
  /** No operator registered it: all that is known of it, it says itself. */
  readonly isStranger?: true
  /** Whatever it says of itself it says at its own address or on its own: a program that ends up with its redirect could be another one. */
  readonly isSelfDescribed?: true
  /** Of a client with a metadata document: the digest of what people consent to. */
  readonly documentDigest?: string
  readonly color?: string
  readonly logoUri?: string
  readonly homeUri?: string
  readonly policyUri?: string
  readonly tosUri?: string
}

/** Where a page can lead a person who would be stuck on it. */
export type WaysOut = {
  readonly client?: {
    readonly name: string
    readonly home?: string
    /** Where a sign-in begins on its side (OpenID Connect Core §4). */
    readonly start?: string
    readonly facts: ClientFacts
  }
  /** The path of the sign-out that asks for nothing: after one that a client asked for in vain. */
  readonly signOut?: string
}

/** A client as pages name it, with its own address where it registered one (OpenID Connect Registration §2). */
export function describeClient(client: Client): NonNullable<WaysOut['client']> {
  return describeMetadata(client.metadata() as ClientMetadata) // as the registry gave it to the library
}

/** The same of its metadata. */
export function describeMetadata(client: ClientMetadata): NonNullable<WaysOut['client']> {
  const facts = clientFacts(client)
  const home = facts.homeUri ?? client.post_logout_redirect_uris?.[0]
  const start = text(client.initiate_login_uri)
  return { name: facts.name, facts, ...(home !== undefined && { home }), ...(start !== undefined && { start }) }
}

/** What pages show of a client. */
export function clientFacts(client: ClientMetadata): ClientFacts {
  const optional = {
    host: clientHost(client),
    color: text(client.brand_color),
    logoUri: text(client.logo_uri),
    homeUri: text(client.client_uri),
    policyUri: text(client.policy_uri),
    tosUri: text(client.tos_uri),
  }
  return {
    name: client.client_name ?? client.client_id,
    isFirstParty: client.first_party === true,
    ...(isStranger(client) && { isStranger: true }),
    ...((client.document !== undefined || client.self_registered === true) && { isSelfDescribed: true }),
    ...(client.document && { documentDigest: client.document.digest }),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}

/**
 * Of a client whose id is an address, that of the id: it is the one thing that such a client cannot choose. Of one that registered
 * itself, that of a redirect, which it cannot borrow.
 */
function clientHost(client: ClientMetadata): string | undefined {
  const { client_id: clientId, client_uri: home, redirect_uris: redirects = [] } = client
  const own = client.self_registered === true ? redirects.filter((uri) => uri.startsWith('https:')) : [text(home) ?? '']
  const address = [clientId, ...own].find((each) => /^https?:\/\//.test(each) && URL.canParse(each))
  return address === undefined ? undefined : new URL(address).host
}

/**
 * Software that no operator knows: its document is at a host that is not listed, or it registered itself. What is known by nothing but an
 * address is a document that is no longer let in.
 */
function isStranger({ client_id: clientId, document, self_registered, redirect_uris }: ClientMetadata): boolean {
  if (document) return !document.isListed
  return self_registered === true || (redirect_uris === undefined && clientId.startsWith('https://'))
}

/** A client as a letter names it. */
export function appName(client: ClientMetadata): string {
  const { name, host } = clientFacts(client)
  return host === undefined ? name : `${name} (${host})`
}

/** A client that an earlier release stored may have anything there. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
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

/** The client that asked for a sign-out is named by the request, whether or not its hint is valid. */
async function clientOfSignOut(oidc: KoaContextWithOIDC['oidc']): Promise<Client | undefined> {
  // The library keeps the header and the payload of the hint.
  const hint = oidc.entities.IdTokenHint as { payload?: { aud?: unknown } } | undefined
  const clientId = oidc.params?.client_id ?? hint?.payload?.aud
  if (typeof clientId !== 'string') return undefined
  return oidc.provider.Client.find(clientId).catch(() => undefined)
}
