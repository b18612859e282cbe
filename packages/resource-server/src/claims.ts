/** A permission of a company user; the configuration is absent where a token holds keys alone. */
export type Permission = { readonly key: string; readonly configuration?: unknown }

/** How a token is bound to a key or certificate (RFC 9449 §6, RFC 8705 §3.1). */
export type Confirmation = { readonly jkt?: unknown; readonly 'x5t#S256'?: unknown; readonly [more: string]: unknown }

/** The claims of an access token (RFC 9068), or what introspection says of one (RFC 7662). */
export type Claims = {
  readonly sub: string
  readonly client_id: string
  readonly exp: number
  readonly iat: number
  readonly iss?: string
  readonly aud?: string | readonly string[]
  readonly jti?: string
  readonly scope?: string
  readonly [more: string]: unknown
}

/** Who calls, and what they may do. */
export type Access = {
  readonly claims: Claims
  readonly token: string
  readonly scheme: 'Bearer' | 'DPoP'
  /** The customer; the client for a service of its own. */
  readonly subject: string
  readonly clientId: string
  readonly scopes: ReadonlySet<string>
  readonly permissions: readonly Permission[]
  /** The customer's number in the shop. */
  readonly customerReference: string | undefined
  readonly companyUserId: string | undefined
  /** Who really acts: `agent:…`, or the service that traded the token (RFC 8693 §4.1). */
  readonly actor: string | undefined
  readonly checkedBy: 'signature' | 'introspection'
  /** False when nothing could say whether the token was revoked: see `whenUnreachable`. */
  readonly isKnownUnrevoked: boolean
}

export type CheckedClaims = Pick<Access, 'claims' | 'checkedBy' | 'isKnownUnrevoked'>

/** What services ask of claims, read once. */
export function readAccess({ token, scheme }: Pick<Access, 'token' | 'scheme'>, checked: CheckedClaims): Access {
  const { claims } = checked
  return {
    ...checked,
    token,
    scheme,
    subject: claims.sub,
    clientId: claims.client_id,
    scopes: new Set(typeof claims.scope === 'string' ? claims.scope.split(' ').filter(Boolean) : []),
    permissions: permissionsOf(claims.permissions),
    customerReference: textOf(claims.customer_reference),
    companyUserId: textOf(claims.id_company_user),
    actor: textOf(memberOf(claims.act, 'sub')),
  }
}

/** Everybody who acts for the subject, from the last to the first. */
export function actorsOf(claims: Claims): string[] {
  const actors: string[] = []
  let act: unknown = claims.act
  while (typeof act === 'object' && act !== null && actors.length < 20) {
    const actor = textOf(memberOf(act, 'sub'))
    if (actor !== undefined) actors.push(actor)
    act = memberOf(act, 'act')
  }
  return actors
}

/** Whether `aud` names one of `audiences` (RFC 7519 §4.1.3). */
export function isFor(aud: unknown, audiences: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  return named.some((each) => typeof each === 'string' && audiences.includes(each))
}

export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name] // an object, whose members are unknown
    : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** JWTs hold keys, or objects where their resource server has `hasFullPermissions`; introspection says objects. */
function permissionsOf(value: unknown): readonly Permission[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((each: unknown) => {
    if (typeof each === 'string') return [{ key: each }]
    const key = textOf(memberOf(each, 'key'))
    return key === undefined ? [] : [{ key, configuration: memberOf(each, 'configuration') }]
  })
}
