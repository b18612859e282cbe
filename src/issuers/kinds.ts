import type { ISSUER_KINDS, TrustedIssuer } from './issuer-schema.ts'

export type IssuerKind = (typeof ISSUER_KINDS)[number]

/** The rules of a kind of issuers, as far as they differ. */
export type KindRules = {
  /** Whether this `typ` of an assertion is taken; in small letters, without `application/`. */
  readonly takesType: (typ: string | undefined) => boolean
  /** Whether `aud` may be a list, of this audience alone. */
  readonly takesAudienceList: boolean
  /** `always`: the claim `client_id` must be there; `if-present`: it must fit where it is. */
  readonly clientIdClaim: 'always' | 'if-present' | 'ignored'
  readonly needsIssuedAt: boolean
  readonly jti: 'needed' | 'optional' | 'ignored'
  readonly isSingleUse: boolean
  readonly lifetimeSeconds: number
  /** Whether a client may refresh what an assertion gave. */
  readonly isRefreshable: boolean
  /** Whether a client without a proof of its own may present an assertion. */
  readonly takesPublicClients: boolean
}

const ID_JAG = 'oauth-id-jag+jwt'
/** JWTs that are made for something else (RFC 8725 §3.11): one of them is no assertion. */
const OTHER_TYPES: readonly string[] = [
  ID_JAG,
  'at+jwt',
  'dpop+jwt',
  'logout+jwt',
  'secevent+jwt',
  'oauth-authz-req+jwt',
  'client-authentication+jwt',
  'token-introspection+jwt',
  'statuslist+jwt',
  'global-token-revocation+jwt',
]
const isNoOther = (typ: string | undefined) => typ === undefined || !OTHER_TYPES.includes(typ)

export const KIND_RULES: Readonly<Record<IssuerKind, KindRules>> = {
  ucp: {
    takesType: isNoOther,
    takesAudienceList: false,
    clientIdClaim: 'if-present',
    needsIssuedAt: false,
    jti: 'needed',
    isSingleUse: true,
    lifetimeSeconds: 60,
    isRefreshable: false,
    takesPublicClients: true,
  },
  'id-jag': {
    takesType: (typ) => typ === ID_JAG,
    takesAudienceList: true,
    clientIdClaim: 'always',
    needsIssuedAt: true,
    jti: 'needed',
    isSingleUse: false,
    lifetimeSeconds: 3600,
    isRefreshable: false,
    takesPublicClients: false,
  },
  'google-linking': {
    takesType: isNoOther,
    takesAudienceList: false,
    clientIdClaim: 'ignored',
    needsIssuedAt: false,
    jti: 'ignored',
    isSingleUse: false,
    lifetimeSeconds: 3600,
    isRefreshable: true,
    takesPublicClients: false,
  },
  plain: {
    takesType: isNoOther,
    takesAudienceList: true,
    clientIdClaim: 'if-present',
    needsIssuedAt: false,
    jti: 'optional',
    isSingleUse: true,
    lifetimeSeconds: 3600,
    isRefreshable: true,
    takesPublicClients: true,
  },
}

/** A trusted issuer with everything that its kind says. */
export type ResolvedIssuer = {
  readonly record: TrustedIssuer
  readonly rules: KindRules
  readonly algorithms: readonly string[]
  readonly lifetimeSeconds: number
  readonly isSingleUse: boolean
  readonly needsJti: boolean
}

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']

/** Puts the rules of its kind behind what a record says itself. */
export function resolveIssuer(record: TrustedIssuer): ResolvedIssuer {
  const rules = KIND_RULES[record.kind]
  const isSingleUse = record.single_use ?? rules.isSingleUse
  return {
    record,
    rules,
    algorithms: record.algorithms ?? ALGORITHMS,
    lifetimeSeconds: record.max_lifetime_seconds ?? rules.lifetimeSeconds,
    isSingleUse,
    needsJti: rules.jti === 'needed' || record.single_use === true,
  }
}
