import { isStorable } from '../../database/storable.ts'
import { isPlain } from '../../plain-text.ts'
import type { ClientMetadata } from '../client-schema.ts'
import { shapeOf } from '../documents/look-alikes.ts'

/** What software asks to be registered as: an object whose members nobody has looked at. */
export type Asked = Readonly<Record<string, unknown>>

export type RegistrationRules = {
  /** The scopes that say something of a person; the client may ask for each, and the person is asked. */
  readonly personScopes: readonly string[]
  /** The scopes of resource servers that are offered to software of others. */
  readonly offeredScopes: readonly string[]
  /** What it may ask of resource servers; "*" at the end matches the rest. Undefined: all that is offered but `…:manage`. */
  readonly scopeCeiling: readonly string[] | undefined
  /** Names that people know: the shop's, and those of clients that its operators registered. */
  readonly takenNames: readonly string[]
}

/** The error codes of RFC 7591 §3.2.2. */
export type RegistrationError = 'invalid_redirect_uri' | 'invalid_client_metadata'

/** What is asked for cannot be registered; the message says what is wrong and the fix. */
export class RegistrationRefused extends Error {
  readonly code: RegistrationError

  constructor(code: RegistrationError, message: string) {
    super(message)
    this.code = code
  }
}

const MOST_REDIRECTS = 10
const LONGEST_URI = 2000
const LONGEST_NAME = 64
const LONGEST_SCOPE = 10_000
const GRANT_TYPES = ['authorization_code', 'refresh_token']
/** Software that cannot keep a secret gets none, whatever it asks for: it is told so in the answer (RFC 7591 §3.2.1). */
const WITHOUT_KEYS = ['none', 'client_secret_basic', 'client_secret_post']
/** Nobody vouches for it: what it was allowed ends sooner than for software that the shop knows. */
const ACCESS_SECONDS = 3600
const REFRESH_SECONDS = 14 * 86_400
const ABSOLUTE_SECONDS = 90 * 86_400

/**
 * The metadata of a client that registers itself: public, of others, with redirects that lead to it alone. Members that it cannot
 * have are left out, as RFC 7591 §2 allows, and the answer shows what was registered.
 *
 * @throws RegistrationRefused
 */
export function registeredMetadata(clientId: string, asked: Asked, rules: RegistrationRules): ClientMetadata {
  const redirectUris = redirectUrisOf(asked.redirect_uris)
  const name = nameOf(asked.client_name, rules)
  const scope = scopeOf(asked.scope, rules)
  const hosts = new Set(redirectUris.map((uri) => new URL(uri)).flatMap((url) => (isWeb(url) ? [url.host] : [])))
  const page = (member: string) => pageOf(asked[member], hosts)
  return defined({
    client_id: clientId,
    self_registered: true,
    // People are asked each time; what they allow is a link, which no sign-out in a browser ends. Services choose the form of tokens.
    security_profile: 'agent-platform',
    access_token_format: 'jwt',
    client_name: name,
    application_type: isNative(redirectUris) ? 'native' : 'web',
    token_endpoint_auth_method: authMethodOf(asked),
    grant_types: grantTypesOf(asked.grant_types),
    response_types: responseTypesOf(asked.response_types),
    redirect_uris: redirectUris,
    default_scope: scope === '' ? undefined : scope,
    resource_scopes: ceilingOf(rules),
    client_uri: page('client_uri'),
    policy_uri: page('policy_uri'),
    tos_uri: page('tos_uri'),
    access_token_ttl_seconds: ACCESS_SECONDS,
    refresh_token_ttl_seconds: REFRESH_SECONDS,
    refresh_token_absolute_ttl_seconds: ABSOLUTE_SECONDS,
  })
}

/** Members of the answer: what the client may know of its own registration (RFC 7591 §3.2.1). */
export function shownMetadata(metadata: ClientMetadata): Readonly<Record<string, unknown>> {
  const { client_id, client_name, application_type, token_endpoint_auth_method, grant_types, response_types } = metadata
  const { redirect_uris, default_scope: scope, client_uri, policy_uri, tos_uri } = metadata
  const shown = { client_id, client_name, application_type, token_endpoint_auth_method, grant_types, response_types }
  return defined({ ...shown, redirect_uris, scope, client_uri, policy_uri, tos_uri })
}

/** Whether a change asks people anew: they agreed to another name, or to another place. */
export function isAnotherApp(before: ClientMetadata, after: ClientMetadata): boolean {
  const hostsOf = ({ redirect_uris: uris = [] }: ClientMetadata) => new Set(uris.map((uri) => originOf(new URL(uri))))
  const known = hostsOf(before)
  return before.client_name !== after.client_name || [...hostsOf(after)].some((host) => !known.has(host))
}

function redirectUrisOf(asked: unknown): readonly string[] {
  if (!Array.isArray(asked) || asked.length === 0) {
    throw new RegistrationRefused('invalid_redirect_uri', 'redirect_uris is needed: a list of at least one address')
  }
  if (asked.length > MOST_REDIRECTS) {
    throw new RegistrationRefused('invalid_redirect_uri', `redirect_uris may have ${MOST_REDIRECTS} addresses at most`)
  }
  for (const uri of asked) {
    const fault = redirectFault(uri)
    if (fault) throw new RegistrationRefused('invalid_redirect_uri', fault)
  }
  return [...new Set(asked as string[])] // each was looked at
}

/** Why a code must not be sent there; it says what would do. */
function redirectFault(uri: unknown): string | undefined {
  if (typeof uri !== 'string' || uri.length > LONGEST_URI || !/^[\x21-\x7e]+$/.test(uri) || /[\\"<>]/.test(uri))
    return `each of redirect_uris must be an address of at most ${LONGEST_URI} ASCII characters without blanks`
  const url = URL.parse(uri)
  if (!url) return 'each of redirect_uris must be an absolute address'
  if (uri.includes('#')) return 'redirect_uris must not contain fragments'
  if (url.username !== '' || url.password !== '') return 'redirect_uris must not contain user names or passwords'
  if (url.protocol === 'https:') {
    return isLoopback(url)
      ? 'a redirect to this machine is http://127.0.0.1, http://[::1] or http://localhost'
      : undefined
  }
  if (url.protocol === 'http:') {
    return isLoopback(url) ? undefined : 'use https: http is for 127.0.0.1, [::1] and localhost only'
  }
  // A name that its owner has (RFC 8252 §7.1): a short one may be that of a program of the system.
  if (/^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/.test(url.protocol)) return undefined
  return 'a scheme of an app must be a domain name of its maker, backwards: com.example.app'
}

function nameOf(asked: unknown, { takenNames }: RegistrationRules): string | undefined {
  if (asked === undefined) return undefined
  // Whole characters: half of one could be stored, and would break every query that looks into the metadata of clients.
  const name = typeof asked === 'string' ? [...asked.trim()].slice(0, LONGEST_NAME).join('').trim() : ''
  const shape = shapeOf(name)
  if (shape === '' || !isPlain(name) || !isStorable(name))
    throw new RegistrationRefused('invalid_client_metadata', 'client_name must be one line of text')
  if (!takenNames.some((taken) => shapeOf(taken) === shape)) return name
  throw new RegistrationRefused('invalid_client_metadata', 'client_name looks like the name of another app: take yours')
}

function authMethodOf({ token_endpoint_auth_method: asked = 'none' }: Asked): 'none' {
  if (WITHOUT_KEYS.some((method) => method === asked)) return 'none'
  const fix = 'token_endpoint_auth_method must be none: software that registers itself has neither secret nor key here'
  throw new RegistrationRefused('invalid_client_metadata', fix)
}

function grantTypesOf(asked: unknown = ['authorization_code']): readonly string[] {
  const given: readonly unknown[] = Array.isArray(asked) ? asked : []
  const usable = GRANT_TYPES.filter((grantType) => given.includes(grantType))
  if (usable.includes('authorization_code')) return usable
  throw new RegistrationRefused('invalid_client_metadata', 'grant_types must have authorization_code')
}

function responseTypesOf(asked: unknown = ['code']): readonly string[] {
  if (Array.isArray(asked) && asked.includes('code')) return ['code']
  throw new RegistrationRefused('invalid_client_metadata', 'response_types must have code')
}

/** Scopes that do not exist, or are not for it, are dropped: software asks for what it was told by whichever service. */
function scopeOf(asked: unknown, rules: RegistrationRules): string {
  if (asked === undefined) return ''
  if (typeof asked !== 'string' || asked.length > LONGEST_SCOPE) {
    throw new RegistrationRefused('invalid_client_metadata', 'scope must be one text: scopes, separated by blanks')
  }
  const ceiling = ceilingOf(rules)
  const isKnown = (scope: string) =>
    rules.personScopes.includes(scope) ||
    scope === 'offline_access' ||
    (rules.offeredScopes.includes(scope) && ceiling.some((pattern) => matches(pattern, scope)))
  return [...new Set(asked.split(' '))].filter(isKnown).join(' ')
}

function ceilingOf({ scopeCeiling, offeredScopes }: RegistrationRules): readonly string[] {
  return scopeCeiling ?? offeredScopes.filter((scope) => !scope.endsWith(':manage')).sort()
}

function matches(pattern: string, scope: string): boolean {
  return pattern.endsWith('*') ? scope.startsWith(pattern.slice(0, -1)) : pattern === scope
}

/** A page of its own, on a host that it sends people to anyway: nobody borrows the pages of others. */
function pageOf(asked: unknown, hosts: ReadonlySet<string>): string | undefined {
  const url = typeof asked === 'string' && asked.length <= LONGEST_URI ? URL.parse(asked) : null
  return url?.protocol === 'https:' && url.username === '' && hosts.has(url.host) ? url.href : undefined
}

function isNative(uris: readonly string[]): boolean {
  return uris.some((uri) => !isWeb(new URL(uri)))
}

function isWeb(url: URL): boolean {
  return url.protocol === 'https:'
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]'
}

/** Loopback without its port, which differs each time. */
function originOf(url: URL): string {
  return isLoopback(url) ? `${url.protocol}//${url.hostname}` : `${url.protocol}//${url.host}`
}

function defined<T extends object>(members: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  // Members that are undefined are taken away.
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>
  }
}
