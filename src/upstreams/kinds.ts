import { isEmailAddress, normalizeEmail } from '../credentials/email.ts'
import type { EmailTrust } from '../credentials/foreign-identity.ts'
import type { CLIENT_AUTHENTICATIONS, UPSTREAM_KINDS, Upstream } from './upstream-schema.ts'

type Claims = Readonly<Record<string, unknown>>
type ClientAuthentication = (typeof CLIENT_AUTHENTICATIONS)[number]

/** The habits of a kind of providers, as far as they differ. */
type Kind = {
  readonly issuer?: (upstream: Upstream) => string
  readonly clientAuthentication: ClientAuthentication
  readonly scopes: readonly string[]
  /** What the authorization request says beyond the usual. */
  readonly parameters?: (upstream: Upstream) => Readonly<Record<string, string>>
  /** How the metadata may name an issuer other than the configured one. */
  readonly metadataIssuer?: (issuer: string) => string
  /** What `iss` of a token may be, given what the metadata says. */
  readonly tokenIssuers?: (issuer: string, claims: Claims) => readonly string[]
  /** Why the person may not come in this way. */
  readonly refusal?: (claims: Claims, upstream: Upstream) => string | undefined
  readonly emailTrust: (claims: Claims, domain: string) => EmailTrust
  /** How the person is made to choose or prove themselves anew. */
  readonly freshPrompt: string
}

const ENTRA = 'https://login.microsoftonline.com'
const SHARED_TENANT = /\/(?:common|organizations|consumers)\/v2\.0$/
const APPLE_DOMAINS = ['privaterelay.appleid.com', 'icloud.com', 'me.com', 'mac.com']
const GOOGLE_DOMAINS = ['gmail.com', 'googlemail.com']

const KINDS: Readonly<Record<(typeof UPSTREAM_KINDS)[number], Kind>> = {
  oidc: {
    clientAuthentication: 'client_secret_basic',
    scopes: ['openid', 'email', 'profile'],
    emailTrust: ({ email_verified }) => (isTrue(email_verified) ? 'verified' : 'none'),
    freshPrompt: 'login',
  },
  google: {
    issuer: () => 'https://accounts.google.com',
    clientAuthentication: 'client_secret_post',
    scopes: ['openid', 'email', 'profile'],
    parameters: ({ hosted_domain }): Record<string, string> =>
      hosted_domain === undefined ? {} : { hd: hosted_domain },
    // Google writes it with and without the scheme.
    tokenIssuers: (issuer) => [issuer, issuer.replace(/^https?:\/\//, '')],
    // `hd` of the request is a wish; the claim is the answer.
    refusal: ({ hd }, { hosted_domain }) =>
      hosted_domain !== undefined && hd !== hosted_domain ? 'not of the hosted domain' : undefined,
    emailTrust({ email_verified, hd }, domain) {
      if (!isTrue(email_verified)) return 'none'
      return GOOGLE_DOMAINS.includes(domain) || (typeof hd === 'string' && hd !== '') ? 'authoritative' : 'verified'
    },
    freshPrompt: 'select_account',
  },
  apple: {
    issuer: () => 'https://appleid.apple.com',
    clientAuthentication: 'apple_key',
    scopes: ['openid', 'email', 'name'],
    // Apple demands it for these scopes.
    parameters: () => ({ response_mode: 'form_post' }),
    emailTrust({ email_verified }, domain) {
      if (!isTrue(email_verified)) return 'none'
      return APPLE_DOMAINS.includes(domain) ? 'authoritative' : 'verified'
    },
    freshPrompt: 'login',
  },
  entra: {
    issuer: ({ tenants }) =>
      `${ENTRA}/${tenants !== 'any' && tenants?.length === 1 ? tenants[0] : 'organizations'}/v2.0`,
    clientAuthentication: 'client_secret_post',
    scopes: ['openid', 'email', 'profile'],
    metadataIssuer: (issuer) => issuer.replace(SHARED_TENANT, '/{tenantid}/v2.0'),
    tokenIssuers: (issuer, { tid }) => (typeof tid === 'string' ? [issuer.replace('{tenantid}', tid)] : []),
    refusal: ({ tid }, { tenants }) =>
      tenants === 'any' || tenants?.some((tenant) => tenant === tid) ? undefined : 'of a tenant that is not allowed',
    // `email` is what the tenant's people write there, unless the owner of its domain was checked.
    emailTrust: ({ xms_edov }) => (isTrue(xms_edov) ? 'verified' : 'none'),
    freshPrompt: 'login',
  },
}

/** An upstream with everything that its kind says. */
export type ResolvedUpstream = {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly metadataIssuer: string
  readonly clientId: string
  readonly clientAuthentication: ClientAuthentication
  readonly keyId: string | undefined
  readonly teamId: string | undefined
  readonly scope: string
  readonly parameters: Readonly<Record<string, string>>
  readonly freshPrompt: string
  readonly tokenIssuers: (issuer: string, claims: Claims) => readonly string[]
  readonly refusal: (claims: Claims) => string | undefined
  /** The address of the claims with how far it can be relied on; undefined without a usable one. */
  readonly emailOf: (claims: Claims) => { address: string; trust: EmailTrust } | undefined
  /** The ways of signing in that may be told on. */
  readonly amrOf: (claims: Claims) => readonly string[]
}

/** Puts the habits of its kind behind what an upstream says itself. */
export function resolveUpstream(upstream: Upstream): ResolvedUpstream {
  const kind = KINDS[upstream.kind ?? 'oidc']
  // Those of the kind oidc have an issuer of their own.
  const issuer = upstream.issuer ?? kind.issuer?.(upstream) ?? ''
  const { metadataIssuer = (given) => given, tokenIssuers = (given) => [given] } = kind
  return {
    id: upstream.id,
    name: upstream.name,
    issuer,
    metadataIssuer: metadataIssuer(issuer),
    clientId: upstream.client_id,
    clientAuthentication: upstream.client_authentication ?? kind.clientAuthentication,
    keyId: upstream.key_id,
    teamId: upstream.team_id,
    scope: [...new Set(['openid', ...(upstream.scopes ?? kind.scopes)])].join(' '),
    parameters: kind.parameters?.(upstream) ?? {},
    freshPrompt: kind.freshPrompt,
    tokenIssuers,
    refusal: (claims) => kind.refusal?.(claims, upstream),
    emailOf: (claims) => emailOf(claims, upstream, kind),
    amrOf: (claims) => (upstream.trusts_amr === true ? knownAmr(claims.amr) : []),
  }
}

function emailOf(claims: Claims, { email_domains = [], trusts_email_verified = true }: Upstream, kind: Kind) {
  const { email, email_verified } = claims
  if (typeof email !== 'string' || !isEmailAddress(email)) return undefined
  const domain = normalizeEmail(email).split('@').at(-1) ?? ''
  return { address: email, trust: trust() }

  function trust(): EmailTrust {
    if (email_verified !== undefined && !isTrue(email_verified)) return 'none'
    if (email_domains.includes(domain)) return 'authoritative'
    return trusts_email_verified ? kind.emailTrust(claims, domain) : 'none'
  }
}

/** Providers write it as a boolean, a text or a number. */
function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === 1 || value === '1'
}

/** Methods of RFC 8176 that say how a person proved themselves. */
const KNOWN_AMR = new Set([
  'face',
  'fpt',
  'hwk',
  'iris',
  'mfa',
  'otp',
  'pin',
  'pop',
  'pwd',
  'sc',
  'sms',
  'swk',
  'tel',
  'user',
  'vbm',
])

function knownAmr(amr: unknown): readonly string[] {
  return Array.isArray(amr) ? [...new Set(amr)].filter((method) => KNOWN_AMR.has(method)) : []
}
