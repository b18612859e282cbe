import type { ErrorStyle, ErrorStyleName } from './answers/style.ts'
import type { DpopOptions } from './binding/dpop-options.ts'
import type { MtlsOptions } from './binding/mtls.ts'
import type { Emit } from './events.ts'

/** Signature algorithms of access tokens. Symmetric ones and `none` do not exist here (RFC 8725 §3.2). */
export const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
] as const

export type Algorithm = (typeof ALGORITHMS)[number]

/** What to do with a token when the server cannot say whether it was revoked: accept or refuse it. */
export type WhenUnreachable = 'open' | 'closed'

export type KeyOptions = {
  /** How long a key set is used before it is fetched again: 300 seconds. */
  readonly cacheSeconds?: number
  /** The shortest time between two fetches: 30 seconds. Unknown key ids cannot make it shorter. */
  readonly cooldownSeconds?: number
  /** How long keys are used while the server is away: 86400 seconds. Then every JWT is answered 503. */
  readonly staleSeconds?: number
}

export type RevocationOptions = {
  /** Where the feed is; without it, `vestibule_revocation_feed` of the server's metadata. */
  readonly url?: string
  /** Asks the server to hold its answer until something happens, for so many seconds: revocations arrive at once. 0 polls. */
  readonly waitSeconds?: number
  /** How many revocations are kept at most: 100000, some 20 MB. Above it the service knows that it is blind. */
  readonly maxEntries?: number
}

export type StatusListOptions = {
  /** Origins of status lists, beside the issuer's. */
  readonly origins?: readonly string[]
  /** How many lists are kept at most: 16. */
  readonly maxLists?: number
}

export type IntrospectionOptions = {
  readonly clientId: string
  readonly clientSecret: string
  /** Without it, `introspection_endpoint` of the server's metadata. */
  readonly url?: string
  /** How long an answer is kept: 5 seconds, 0 for not at all. For so long a revoked opaque token still passes. */
  readonly cacheSeconds?: number
  /** How many answers are kept at most: 1000. */
  readonly maxCached?: number
  /** How many questions are under way at most: 50. More are answered 503 at once. */
  readonly maxInFlight?: number
}

export type ResourceServerOptions = {
  /** The server's address, letter by letter: its setting ISSUER. */
  readonly issuer: string
  /** The audience of this service. A token for any one of several passes. */
  readonly audience: string | readonly string[]
  /** The algorithms of the resource server at Vestibule: `['ES256']`. */
  readonly algorithms?: readonly Algorithm[]
  /** The type in the token's header: `at+jwt` (RFC 9068 §2.1). */
  readonly tokenType?: string
  /** How far clocks may differ: 10 seconds. */
  readonly clockSkewSeconds?: number
  /** Longer tokens are refused unread: 8192 bytes. */
  readonly maxTokenBytes?: number
  /** How many good signatures are remembered, so that a token's next request costs no signature check: 1000; 0 for none. */
  readonly maxRemembered?: number
  /** How long the server's answers are awaited: 3000 milliseconds. */
  readonly timeoutMs?: number
  /** Without it, `jwks_uri` of the server's metadata. */
  readonly jwksUri?: string
  readonly keys?: KeyOptions
  /** Follows the server's revocation feed where it has one; `false` does not, and revoked tokens pass until they expire. */
  readonly revocations?: boolean | RevocationOptions
  /** Checks the status list that a token names (Token Status List). */
  readonly statusLists?: boolean | StatusListOptions
  /** How to ask the server about opaque tokens, and about JWTs while the feed cannot be had (RFC 7662). */
  readonly introspection?: IntrospectionOptions
  /** Without it: open for GET, HEAD and OPTIONS, closed for all else. */
  readonly whenUnreachable?: WhenUnreachable
  /** Checks DPoP proofs (RFC 9449). Without it tokens that are bound to a key are refused. */
  readonly dpop?: boolean | DpopOptions
  /** Checks client certificates (RFC 8705 §3). Without it tokens that are bound to a certificate are refused. */
  readonly mtls?: boolean | MtlsOptions
  /** The address by which clients know this service, with a path that a proxy takes away: DPoP proofs name it. */
  readonly publicUrl?: string
  /** This service's identifier as an address: publishes its metadata, and refusals lead there (RFC 9728). */
  readonly resource?: string
  readonly resourceName?: string
  readonly resourceDocumentation?: string
  readonly scopesSupported?: readonly string[]
  /** The `realm` of challenges: the issuer. */
  readonly realm?: string
  /**
   * How refusals are written: `rfc6750`, `problem`, `spryker`, `magento`, `ucp`, or a function. With `ucp`, and where a request has
   * the header UCP-Agent, a sign-in that is too weak or too old is answered 403 `insufficient_scope`, as the Universal Commerce
   * Protocol wants, instead of 401 (RFC 9470).
   */
  readonly errors?: ErrorStyleName | ErrorStyle
  /** Told of everything an operator should know; without it warnings and errors are written to the console. */
  readonly onEvent?: Emit
  /** With `ucp`: the page of the shop where a buyer without an account begins (`continue_url`). */
  readonly continueUrl?: string
  readonly fetch?: typeof fetch
  /** Milliseconds since the epoch. */
  readonly clock?: () => number
}

type Defaulted =
  | 'algorithms'
  | 'tokenType'
  | 'clockSkewSeconds'
  | 'maxTokenBytes'
  | 'maxRemembered'
  | 'timeoutMs'
  | 'clock'
  | 'fetch'

/** Options with their defaults, checked. */
export type Settings = Omit<ResourceServerOptions, Defaulted | 'audience' | 'keys'> &
  Required<Pick<ResourceServerOptions, Defaulted>> & {
    readonly audiences: readonly string[]
    readonly keys: Required<KeyOptions>
  }

/** @throws TypeError that names every option which is wrong, and how. */
export function readOptions(options: ResourceServerOptions): Settings {
  const { audience, keys, ...given } = options
  const settings: Settings = {
    ...given,
    audiences: typeof audience === 'string' ? [audience] : audience,
    algorithms: given.algorithms ?? ['ES256'],
    tokenType: given.tokenType ?? 'at+jwt',
    clockSkewSeconds: given.clockSkewSeconds ?? 10,
    maxTokenBytes: given.maxTokenBytes ?? 8192,
    maxRemembered: given.maxRemembered ?? 1000,
    timeoutMs: given.timeoutMs ?? 3000,
    clock: given.clock ?? Date.now,
    fetch: given.fetch ?? fetch,
    keys: { cacheSeconds: 300, cooldownSeconds: 30, staleSeconds: 86_400, ...keys },
  }
  const problems = problemsOf(settings)
  if (problems.length > 0) throw new TypeError(`createResourceServer: ${problems.join('; ')}`)
  return settings
}

function problemsOf(settings: Settings): string[] {
  const { issuer, audiences, algorithms, keys, introspection, whenUnreachable } = settings
  const { jwksUri, publicUrl, resource, continueUrl } = settings
  const addresses = { issuer, jwksUri, publicUrl, resource, continueUrl }
  const numbers = {
    clockSkewSeconds: [settings.clockSkewSeconds, 300],
    maxTokenBytes: [settings.maxTokenBytes, 65_536],
    maxRemembered: [settings.maxRemembered, 1_000_000],
    timeoutMs: [settings.timeoutMs, 60_000],
    'keys.cacheSeconds': [keys.cacheSeconds, 86_400],
    'keys.cooldownSeconds': [keys.cooldownSeconds, 3600],
    'keys.staleSeconds': [keys.staleSeconds, 30 * 86_400],
  } as const
  const unknown = algorithms.filter((each) => !ALGORITHMS.includes(each))
  return [
    ...Object.entries(addresses).flatMap(([name, value]) => addressProblem(name, value)),
    ...(issuer ? [] : ['issuer is missing']),
    ...(Array.isArray(audiences) && audiences.length > 0 && audiences.every((each) => typeof each === 'string' && each)
      ? []
      : ['audience is missing: a token of any other service would pass']),
    ...(algorithms.length > 0 ? [] : ['algorithms is empty']),
    ...unknown.map((each) => `algorithms has ${each}, which is none of ${ALGORITHMS.join(', ')}`),
    ...Object.entries(numbers).flatMap(([name, [value, most]]) =>
      Number.isFinite(value) && value >= 0 && value <= most ? [] : [`${name} is a number from 0 to ${most}`],
    ),
    ...(whenUnreachable === undefined || whenUnreachable === 'open' || whenUnreachable === 'closed'
      ? []
      : ["whenUnreachable is 'open' or 'closed'"]),
    ...(introspection && !(introspection.clientId && introspection.clientSecret)
      ? ['introspection needs clientId and clientSecret']
      : []),
  ]
}

function addressProblem(name: string, value: string | undefined): string[] {
  if (value === undefined || value === '') return []
  if (!URL.canParse(value)) return [`${name} is not an absolute address: ${value}`]
  const url = new URL(value)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return [`${name} begins with https:// or http://`]
  return url.hash || url.username ? [`${name} has neither a fragment nor a user name`] : []
}
