/** What a client promises beyond the standard: see the member `security_profile`. */
export const SECURITY_PROFILES = [
  'standard',
  'oauth21',
  'fapi2-security',
  'fapi2-message-signing',
  'agent-platform',
] as const
export type SecurityProfile = (typeof SECURITY_PROFILES)[number]

/** The algorithms of FAPI 2.0 Security Profile §5.4: those of this server but RS256. */
export const FAPI_ALGORITHMS: readonly string[] = ['PS256', 'ES256', 'EdDSA']

/** The members that profiles look at. */
export type ProfiledClient = {
  readonly security_profile?: SecurityProfile | undefined
  readonly first_party?: boolean | undefined
  readonly grant_types?: readonly string[] | undefined
  readonly redirect_uris?: readonly string[] | undefined
  readonly token_endpoint_auth_method?: string | undefined
  readonly token_endpoint_auth_signing_alg?: string | undefined
  readonly require_pkce?: boolean | undefined
  readonly require_pushed_authorization_requests?: boolean | undefined
  readonly dpop_bound_access_tokens?: boolean | undefined
  readonly tls_client_certificate_bound_access_tokens?: boolean | undefined
  readonly refresh_policy?: string | undefined
  readonly id_token_signed_response_alg?: string | undefined
  readonly userinfo_signed_response_alg?: string | undefined
  readonly introspection_signed_response_alg?: string | undefined
  readonly request_object_signing_alg?: string | undefined
  readonly require_signed_request_object?: boolean | undefined
  readonly response_modes?: readonly string[] | undefined
  readonly authorization_signed_response_alg?: string | undefined
  readonly backchannel_authentication_request_signing_alg?: string | undefined
  readonly introspects?: readonly string[] | undefined
}

/** One demand of a profile: the member that is looked at, the rule, when it is broken, and what to set. */
type Demand = {
  readonly member: keyof ProfiledClient
  readonly rule: string
  readonly isBroken: (client: ProfiledClient) => boolean
  readonly set: string
}

export const CIBA_GRANT = 'urn:openid:params:grant-type:ciba'
const KEY_METHODS: readonly string[] = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth']
/** Grant types in which the client itself sees what a person signs in with. */
const SEES_CREDENTIALS: readonly string[] = [
  'password',
  'urn:vestibule:grant:agent',
  'urn:vestibule:grant:one-time-password',
]
/** Grant types whose requests a key or a certificate protects from end to end. */
const FAPI_GRANTS: readonly string[] = [
  'authorization_code',
  'refresh_token',
  'client_credentials',
  CIBA_GRANT,
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
]
const ONE_OF_ALGORITHMS = 'set it to PS256, ES256 or EdDSA'

const grantsOf = ({ grant_types: grants = ['authorization_code'] }: ProfiledClient) => grants
const uses = (client: ProfiledClient, grant: string) => grantsOf(client).includes(grant)
const isWeak = (algorithm: string | undefined) => algorithm === undefined || !FAPI_ALGORITHMS.includes(algorithm)

const noSeenCredentials: Demand = {
  member: 'grant_types',
  rule: 'the client never sees what people sign in with',
  isBroken: (client) => grantsOf(client).some((grant) => SEES_CREDENTIALS.includes(grant)),
  set: `leave ${SEES_CREDENTIALS.join(', ')} out`,
}

const pkceForAll: Demand = {
  member: 'require_pkce',
  rule: 'every authorization request has PKCE',
  isBroken: ({ require_pkce }) => require_pkce === false,
  set: 'leave it out or set it to true',
}

/** An algorithm that may be left out, because nothing is signed by it then. */
function strongIfGiven(member: 'userinfo_signed_response_alg' | 'introspection_signed_response_alg'): Demand {
  return {
    member,
    rule: 'RS256 signs nothing',
    isBroken: ({ [member]: algorithm }) => algorithm !== undefined && isWeak(algorithm),
    set: 'leave it out, or set it to PS256, ES256 or EdDSA',
  }
}

const fapiSecurity: readonly Demand[] = [
  {
    member: 'token_endpoint_auth_method',
    rule: 'the client proves who it is by a key or a certificate',
    isBroken: ({ token_endpoint_auth_method: method = 'client_secret_basic' }) => !KEY_METHODS.includes(method),
    set: `set it to ${KEY_METHODS.join(' or ')}`,
  },
  {
    member: 'token_endpoint_auth_signing_alg',
    rule: 'RS256 signs no assertion',
    isBroken: ({ token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: algorithm }) =>
      method === 'private_key_jwt' && isWeak(algorithm),
    set: ONE_OF_ALGORITHMS,
  },
  {
    member: 'grant_types',
    rule: 'no person signs in but on our pages or by a signed grant',
    isBroken: (client) => grantsOf(client).some((grant) => !FAPI_GRANTS.includes(grant)),
    set: `take from ${FAPI_GRANTS.join(', ')}`,
  },
  {
    member: 'require_pushed_authorization_requests',
    rule: 'authorization requests come by /par',
    isBroken: (client) => uses(client, 'authorization_code') && client.require_pushed_authorization_requests !== true,
    set: 'set it to true',
  },
  pkceForAll,
  {
    member: 'dpop_bound_access_tokens',
    rule: 'tokens are bound to a key or a certificate of the client',
    isBroken: ({ dpop_bound_access_tokens: byKey, tls_client_certificate_bound_access_tokens: byCertificate }) =>
      byKey !== true && byCertificate !== true,
    set: 'set this or tls_client_certificate_bound_access_tokens to true',
  },
  {
    member: 'redirect_uris',
    rule: 'people return by https only',
    isBroken: ({ redirect_uris: uris = [] }) => uris.some((uri) => !uri.toLowerCase().startsWith('https://')),
    set: 'use https for each of them',
  },
  {
    member: 'id_token_signed_response_alg',
    rule: 'RS256 signs no ID token',
    isBroken: (client) =>
      (uses(client, 'authorization_code') || uses(client, CIBA_GRANT)) && isWeak(client.id_token_signed_response_alg),
    set: ONE_OF_ALGORITHMS,
  },
  strongIfGiven('userinfo_signed_response_alg'),
  strongIfGiven('introspection_signed_response_alg'),
  {
    member: 'refresh_policy',
    rule: 'refresh tokens are bound to the client and are not rotated',
    isBroken: ({ refresh_policy: policy = 'keep' }) => policy !== 'keep',
    set: 'leave it out or set it to keep',
  },
]

const messageSigning: readonly Demand[] = [
  {
    member: 'require_signed_request_object',
    rule: 'authorization requests are signed',
    isBroken: (client) => uses(client, 'authorization_code') && client.require_signed_request_object !== true,
    set: 'set it to true',
  },
  {
    member: 'request_object_signing_alg',
    rule: 'RS256 signs no request',
    isBroken: (client) => uses(client, 'authorization_code') && isWeak(client.request_object_signing_alg),
    set: ONE_OF_ALGORITHMS,
  },
  {
    member: 'backchannel_authentication_request_signing_alg',
    rule: 'requests to /backchannel are signed, and not by RS256',
    isBroken: (client) => uses(client, CIBA_GRANT) && isWeak(client.backchannel_authentication_request_signing_alg),
    set: ONE_OF_ALGORITHMS,
  },
  {
    member: 'response_modes',
    rule: 'every answer to an authorization request is a JWT',
    isBroken: (client) =>
      uses(client, 'authorization_code') && client.response_modes?.every((mode) => mode.endsWith('jwt')) !== true,
    set: 'set it to ["jwt"]',
  },
  {
    member: 'authorization_signed_response_alg',
    rule: 'answers to authorization requests are signed, and not by RS256',
    isBroken: (client) => uses(client, 'authorization_code') && isWeak(client.authorization_signed_response_alg),
    set: ONE_OF_ALGORITHMS,
  },
  {
    member: 'introspection_signed_response_alg',
    rule: 'answers of introspection can be had signed, and not by RS256',
    isBroken: ({ introspects = [], introspection_signed_response_alg: algorithm }) =>
      introspects.length > 0 && algorithm === undefined,
    set: ONE_OF_ALGORITHMS,
  },
]

const DEMANDS: Readonly<Record<SecurityProfile, readonly Demand[]>> = {
  standard: [],
  oauth21: [noSeenCredentials, pkceForAll],
  'fapi2-security': fapiSecurity,
  'fapi2-message-signing': [...fapiSecurity, ...messageSigning],
  'agent-platform': [
    {
      member: 'first_party',
      rule: 'the platform is software of others, and people are asked for consent',
      isBroken: ({ first_party }) => first_party === true,
      set: 'leave it out or set it to false',
    },
    noSeenCredentials,
  ],
}

/** What a client breaks of the profile that it names, member by member; each says the rule and what to set. */
export function profileFaults(client: ProfiledClient): { readonly member: string; readonly message: string }[] {
  const { security_profile: profile = 'standard' } = client
  return DEMANDS[profile]
    .filter(({ isBroken }) => isBroken(client))
    .map(({ member, rule, set }) => ({ member, message: `breaks security_profile ${profile} (${rule}): ${set}` }))
}

/** Whether a profile is one of FAPI 2.0, with signed messages or without. */
export function isFapi(profile: unknown): boolean {
  return profile === 'fapi2-security' || profile === 'fapi2-message-signing'
}

/** Whether authorization requests of a client need PKCE: a public one has nothing else to prove that a code is its own (RFC 9700 §2.1.1). */
export function needsPkce({
  token_endpoint_auth_method,
  require_pkce,
  security_profile = 'standard',
}: ProfiledClient): boolean {
  return token_endpoint_auth_method === 'none' || (require_pkce ?? security_profile !== 'standard')
}
