import { z } from 'zod'
import { isAddressSegment, NO_ADDRESS_SEGMENT } from '../address-segment.ts'
import { readColor } from '../brand-colors.ts'
import { resourceIdentifier } from '../config/setting.ts'
import { isStorable, textFlaw } from '../database/storable.ts'
import { isPlain } from '../plain-text.ts'
import { unknownMembers } from '../unknown-members.ts'
import { cibaFault, cibaMembers } from './ciba-members.ts'
import { logoutAddress, logoutAddressFault } from './logout-address.ts'
import { messageMembers } from './message-members.ts'
import { ownScreenFaults, ownScreenMembers } from './own-screen-members.ts'
import { profileFaults, SECURITY_PROFILES } from './security-profile.ts'
import { HOW_TO_LIMIT, isUnlimited } from './third-parties.ts'

/**
 * No token lives longer from its issue, whatever its client or resource server says: a year. A sign-out that ends
 * tokens by an instant must be remembered for longer than the longest of them.
 */
export const LONGEST_TOKEN_SECONDS = 31_536_000

/** The one type of authorization details that there is. */
const MANDATE_TYPE = 'urn:vestibule:purchase-mandate:1'

/** What becomes of a refresh token that is used: see the member `refresh_policy`. */
export const REFRESH_POLICIES = ['rotate', 'lazy', 'keep'] as const

const names = z.array(z.string().min(1)).readonly()
const uri = z.url()
const webUri = z.url({ protocol: /^https?$/ })
const seconds = z.int().positive()
const tokenSeconds = seconds.max(LONGEST_TOKEN_SECONDS)
const algorithm = z.enum(['RS256', 'PS256', 'ES256', 'EdDSA'])

const jwk = z.looseObject({ kty: z.string().describe('The type of the key (RFC 7517 §4.1).') })

/** Members of RFC 7591, OpenID Connect Registration 1.0 and their extensions that this server uses, each with its sentence. */
const standardMembers = {
  client_id: z
    .string()
    .min(1)
    .max(255)
    .refine(isAddressSegment, NO_ADDRESS_SEGMENT)
    .describe('Names the client in every request; it cannot change.'),
  client_name: z
    .string()
    .max(255)
    .refine(isPlain, 'must be one line without control or direction characters')
    .refine(isStorable, { error: ({ input }) => textFlaw(String(input)) })
    .optional()
    .describe('The name that people see when they are asked for consent.'),
  application_type: z
    .enum(['web', 'native'])
    .optional()
    .describe(
      '"web" (unless given) or "native". Native apps may redirect to schemes of their own and to any loopback port.',
    ),
  grant_types: names.optional().describe('How it may get tokens. Unless given: authorization_code.'),
  response_types: names.optional().describe('"code" or nothing; follows from redirect_uris unless given.'),
  redirect_uris: z
    .array(uri)
    .readonly()
    .optional()
    .describe(
      'Where people return after signing in; compared letter by letter. https, but for loopback and native schemes.',
    ),
  post_logout_redirect_uris: z
    .array(uri)
    .readonly()
    .optional()
    .describe('Where people may return after signing out; compared letter by letter.'),
  backchannel_logout_uri: logoutAddress
    .optional()
    .describe(
      'Where this server tells it that a sign-in has ended, by POST with a logout token (OpenID Connect Back-Channel Logout 1.0). https without a fragment; http for a client with a secret or a key, to OUTGOING_ALLOWED_NETWORKS.',
    ),
  backchannel_logout_session_required: z
    .boolean()
    .optional()
    .describe(
      'Whether its logout tokens name the session that ended (sid). Unless true they name the person only, and the client ends every session of that person.',
    ),
  token_endpoint_auth_method: z
    .enum([
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ])
    .optional()
    .describe('How it proves who it is: "none" makes it a public client. Unless given: client_secret_basic.'),
  token_endpoint_auth_signing_alg: algorithm
    .optional()
    .describe('The one algorithm of its assertions (private_key_jwt).'),
  scope: z.string().optional().describe('The scopes it may ask for, separated by blanks. Unless given: every scope.'),
  jwks: z
    .object({ keys: z.array(jwk).readonly().describe('The keys, each a JWK.') })
    .optional()
    .describe('Its public keys, for private_key_jwt and certificates (RFC 7517 §5).'),
  jwks_uri: webUri
    .optional()
    .describe('Where its public keys are, instead of jwks. The server fetches them from there.'),
  contacts: names.optional().describe('E-mail addresses of people responsible for it. Not shown to customers.'),
  client_uri: webUri.optional().describe('Its home page.'),
  logo_uri: webUri.optional().describe('Its logo.'),
  policy_uri: webUri.optional().describe('Its privacy policy, linked where people are asked for consent.'),
  tos_uri: webUri.optional().describe('Its terms, linked where people are asked for consent.'),
  initiate_login_uri: webUri.optional().describe('Where a sign-in may begin on its side (OpenID Connect Core §4).'),
  default_max_age: z
    .int()
    .min(0)
    .optional()
    .describe('Seconds after which people sign in again, unless a request says otherwise.'),
  require_auth_time: z.boolean().optional().describe('Puts auth_time into every ID token.'),
  default_acr_values: names
    .optional()
    .describe('How strongly people must have signed in, unless a request says otherwise.'),
  id_token_signed_response_alg: algorithm.optional().describe('The algorithm of its ID tokens. Unless given: RS256.'),
  userinfo_signed_response_alg: algorithm
    .optional()
    .describe(
      'The algorithm of the JWT that userinfo answers it with (OpenID Connect Core §5.3.2). Unless given: plain JSON.',
    ),
  introspection_signed_response_alg: algorithm
    .optional()
    .describe(
      'The algorithm of the JWT that introspection answers it with where it accepts application/token-introspection+jwt (RFC 9701). Unless given: RS256.',
    ),
  ...messageMembers,
  ...cibaMembers,
  subject_type: z.literal('public').optional().describe('"public": every client knows a customer by the same sub.'),
  authorization_details_types: z
    .array(z.literal(MANDATE_TYPE))
    .readonly()
    .optional()
    .describe(
      'What it may ask for by authorization_details (RFC 9396). urn:vestibule:purchase-mandate:1: a purchase mandate, to which the customer consents. Unless given: nothing.',
    ),
  require_pushed_authorization_requests: z
    .boolean()
    .optional()
    .describe('Takes authorization requests only by /par (RFC 9126).'),
  dpop_bound_access_tokens: z.boolean().optional().describe('Gives it tokens only with a DPoP proof (RFC 9449).'),
  tls_client_certificate_bound_access_tokens: z
    .boolean()
    .optional()
    .describe('Binds its tokens to its certificate (RFC 8705 §3). Needs MTLS_CERTIFICATE_HEADER.'),
  tls_client_auth_subject_dn: z.string().optional().describe('The subject of its certificate (RFC 8705 §2.1.2).'),
  tls_client_auth_san_dns: z.string().optional().describe('A DNS name in its certificate (RFC 8705 §2.1.2).'),
  tls_client_auth_san_uri: z.string().optional().describe('A URI in its certificate (RFC 8705 §2.1.2).'),
  tls_client_auth_san_ip: z.string().optional().describe('An IP address in its certificate (RFC 8705 §2.1.2).'),
  tls_client_auth_san_email: z.string().optional().describe('An e-mail address in its certificate (RFC 8705 §2.1.2).'),
} as const

/** Members of our own. The library carries them along on its client objects. */
const ownMembers = {
  security_profile: z
    .enum(SECURITY_PROFILES)
    .optional()
    .describe(
      'A profile that it promises to keep; members that break it are refused, each with what to set. oauth21: OAuth 2.1; fapi2-security and fapi2-message-signing: FAPI 2.0; agent-platform: an assistant at which people link their account. Unless given: standard, which demands nothing more.',
    ),
  brand_color: z
    .string()
    .refine((text) => readColor(text) !== undefined, 'must be a colour of six hexadecimal digits, such as #14665c')
    .optional()
    .describe(
      "The colour of the pages that are shown for it, as #rrggbb, instead of BRAND_COLOR. For the shop's own clients (first_party) pages also show logo_uri, client_uri, policy_uri and tos_uri in place of the shop's.",
    ),
  first_party: z
    .boolean()
    .optional()
    .describe(
      "The shop's own software: its people are never asked for consent, nor whether they sign out when it sends the ID token of the session.",
    ),
  self_registered: z
    .boolean()
    .optional()
    .describe(
      'It registered itself (RFC 7591): people are told that the shop does not know it, and it is removed when nobody uses it. Take this out to adopt it: then it cannot change its own registration any more.',
    ),
  default_scope: z.string().optional().describe('Scopes granted when a request names none, separated by blanks.'),
  default_resource: resourceIdentifier
    .optional()
    .describe('The resource server that its tokens are for when a request names none. Unless given: DEFAULT_RESOURCE.'),
  resource_scopes: names
    .optional()
    .describe(
      'Scopes of resource servers that it may ask for; "*" at the end matches the rest. Needed unless first_party is true; then it may ask for all unless given.',
    ),
  require_pkce: z
    .boolean()
    .optional()
    .describe(
      'Whether its authorization requests need PKCE (RFC 7636). Public clients always do; others need it if this is true.',
    ),
  grants_sunset: z
    .record(z.string(), z.iso.date())
    .readonly()
    .optional()
    .describe(
      'Grant types that end for it, each with the first day (UTC) without: {"password":"2027-06-30"}. Half a year before, answers begin to say so (Deprecation, RFC 9745; Sunset, RFC 8594); from that day on the grant type is refused.',
    ),
  ignore_prompt_login: z
    .boolean()
    .optional()
    .describe(
      'Answers prompt=login as if it were not there, for shops that send it although a session would do; max_age still counts.',
    ),
  ...ownScreenMembers,
  company_choice: z
    .enum(['page', 'client'])
    .optional()
    .describe(
      'Who asks a customer of several companies, none of them the default, which one to act for: our page after the sign-in (page, the default), or the client itself (client), which then gets tokens of no company first.',
    ),
  verified_email_only: z
    .boolean()
    .optional()
    .describe(
      'Gives no codes to people whose e-mail address is not confirmed: the login asks them to confirm it. They get no tokens by assertions and approvals elsewhere, either. For software that finds accounts by the address and does not look at email_verified.',
    ),
  require_second_factor: z
    .boolean()
    .optional()
    .describe(
      'Customers need a second factor to sign in here; one without sets one up on the hosted pages. See SECOND_FACTOR.',
    ),
  ignore_second_factor: z
    .boolean()
    .optional()
    .describe(
      "The direct grants (password, one-time password, the dialects' sign-ins) sign customers in who have or need a second factor and send none. Their tokens say acr signed-in. The hosted pages ask for it all the same.",
    ),
  long_codes: z
    .boolean()
    .optional()
    .describe('Authorization codes of 86 characters instead of 43, for software that takes no shorter ones.'),
  ucp_profile: webUri
    .optional()
    .describe(
      'Where the platform publishes its profile of the Universal Commerce Protocol. Introspection says it of tokens of this client, so that a service can compare it with the header UCP-Agent.',
    ),
  access_token_format: z
    .enum(['jwt', 'opaque'])
    .optional()
    .describe(
      '"opaque": services ask about each of its access tokens at introspection, so that all of them learn at once that it has ended. "jwt": the resource server says which form its tokens have. Unless given: opaque for security_profile agent-platform, otherwise jwt.',
    ),
  access_token_ttl_seconds: tokenSeconds
    .optional()
    .describe("How long its access tokens live. Unless given: the resource server's."),
  refresh_token_ttl_seconds: tokenSeconds.optional().describe('How long a refresh token lives unless it is used.'),
  refresh_token_absolute_ttl_seconds: seconds
    .optional()
    .describe('How long a sign-in may be refreshed, however often it is used.'),
  refresh_retry_seconds: z
    .int()
    .min(0)
    .optional()
    .describe('A retry of the same refresh within this time gets the same answer again; 0 switches that off.'),
  refresh_policy: z
    .enum(REFRESH_POLICIES)
    .optional()
    .describe(
      'What becomes of a refresh token that is used. rotate: another takes its place; lazy: it works until that one was used; keep: it stays, for clients with a secret or key. Unless given: rotate, or what the shop system of a dialect does.',
    ),
  introspects: names
    .optional()
    .describe('Resource servers whose tokens it may introspect; "*" at the end matches the rest.'),
  exchange_targets: names
    .optional()
    .describe("Resource servers that it may trade a customer's token for (RFC 8693). Unless given: none."),
  allowed_origins: names.optional().describe('Web origins that may call with CORS, beside those of its redirect_uris.'),
} as const

/**
 * Every member of a client: its type, its check and its sentence. `docs/clients.md`, the API document and the check of what
 * is stored are made of it.
 */
export const clientMembers = { ...standardMembers, ...ownMembers }

export const OWN_MEMBER_NAMES: readonly string[] = Object.keys(ownMembers)

export type ClientMember = keyof typeof clientMembers

/** A client that registers such an address counts on being called. */
const UNCALLED = 'is not supported: this server never calls it. Leave it out.'

/** Members that the standards know and this server has no use for, each with what to do. */
const REFUSED_MEMBERS: Readonly<Record<string, string>> = {
  client_secret: 'is not kept with the metadata: send it beside them, as "secret"; only its digest is stored',
  request_uris: UNCALLED,
  frontchannel_logout_uri: UNCALLED,
  sector_identifier_uri: UNCALLED,
}

/** Grant types whose sign-in begins at another endpoint, or long before. */
const ENDS_ELSEWHERE = /^(authorization_code|refresh_token)$|:(device_code|ciba)$/

/** Metadata of a client that is about to be stored: no unknown member, and nothing that contradicts itself. */
export const clientMetadata = z
  .strictObject(clientMembers, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? unknown(issue.keys) : undefined),
  })
  .refine((given) => !isUnlimited(given), {
    path: ['resource_scopes'],
    error: `a client of others needs it: ${HOW_TO_LIMIT}`,
  })
  .refine((given) => given.first_party !== true || given.self_registered !== true, {
    path: ['first_party'],
    error: 'software that registered itself is not your own: take out self_registered first, if you know it',
  })
  .refine(({ refresh_policy, ...given }) => refresh_policy !== 'keep' || !isPublic(given), {
    path: ['refresh_policy'],
    error: 'only a client with a secret or a key may keep its refresh token: take rotate or lazy',
  })
  .refine(({ require_pkce, ...given }) => require_pkce !== false || !isPublic(given), {
    path: ['require_pkce'],
    error: 'a public client has nothing else to prove that a code is its own: leave it out',
  })
  .superRefine((given, context) => {
    const message = logoutAddressFault(given, isPublic(given))
    if (message) context.addIssue({ code: 'custom', path: ['backchannel_logout_uri'], message })
  })
  .refine((given) => given.require_second_factor !== true || given.ignore_second_factor !== true, {
    path: ['ignore_second_factor'],
    error: 'contradicts require_second_factor: leave one of them out',
  })
  .superRefine((given, context) => {
    for (const { member, message } of ownScreenFaults(given))
      context.addIssue({ code: 'custom', path: [member], message })
  })
  .superRefine(({ grants_sunset = {}, grant_types = ['authorization_code'] }, context) => {
    for (const name of Object.keys(grants_sunset)) {
      const fault = grant_types.includes(name)
        ? ENDS_ELSEWHERE.test(name) && 'begins before the token endpoint: take it out of grant_types on the day'
        : `is none of its grant_types, which are ${grant_types.join(', ')}`
      if (fault) context.addIssue({ code: 'custom', path: ['grants_sunset', name], message: fault })
    }
  })
  .superRefine((given, context) => {
    const ciba = cibaFault(given)
    for (const { member, message } of [...(ciba ? [ciba] : []), ...profileFaults(given)])
      context.addIssue({ code: 'custom', path: [member], message })
  })
  .meta({ id: 'ClientMetadata' })

/** Metadata of a client that is stored. One that an earlier release stored may have members that are refused now. */
export const storedClientMetadata = z.looseObject(clientMembers).meta({ id: 'StoredClientMetadata' })

export type ClientMetadata = z.output<typeof clientMetadata>

function isPublic({
  token_endpoint_auth_method,
}: {
  readonly token_endpoint_auth_method?: string | undefined
}): boolean {
  return token_endpoint_auth_method === 'none'
}

function unknown(names: readonly string[]): string {
  return unknownMembers(names, {
    of: 'a client',
    members: Object.keys(clientMembers),
    refused: REFUSED_MEMBERS,
    page: 'docs/clients.md',
  })
}
