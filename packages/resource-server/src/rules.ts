import { type Access, actorsOf } from './claims.ts'
import { AccessRefused } from './refused.ts'

/** What a route wants of the caller. @throws AccessRefused when it is not so. */
export type Rule = ((access: Access, now: number) => void | Promise<void>) & {
  /** The scopes it wants: a refusal names those of all rules of the route together. */
  readonly scopes?: readonly string[]
}

/** How strongly a person signed in (`acr`), weakest first. */
const ACR_ORDER = [
  'urn:vestibule:acr:recognised',
  'urn:vestibule:acr:signed-in',
  'urn:vestibule:acr:second-factor',
] as const

export type Acr = (typeof ACR_ORDER)[number]

/** All of these scopes. */
export function requireScope(...scopes: readonly string[]): Rule {
  const rule = (access: Access) => {
    const missing = scopes.filter((scope) => !access.scopes.has(scope))
    if (missing.length > 0) {
      throw new AccessRefused('insufficient_scope', { reason: `lacks ${missing.join(' ')}`, scope: scopes.join(' ') })
    }
  }
  return Object.assign(rule, { scopes })
}

/**
 * A permission of the company user; `holds` looks at its configuration, such as the carts it is for. A JWT holds keys
 * alone unless its resource server has `hasFullPermissions`: where `holds` matters, ask with `isFresh`.
 */
export function requirePermission(key: string, holds?: (configuration: unknown) => boolean): Rule {
  return (access) => {
    const isGiven = access.permissions.some((each) => each.key === key && (!holds || holds(each.configuration)))
    if (!isGiven) throw new AccessRefused('insufficient_permission', { reason: `lacks the permission ${key}` })
  }
}

/** A customer who acts as a company user; `id` wants that one. */
export function requireCompanyUser(id?: string): Rule {
  return ({ companyUserId }) => {
    if (companyUserId === undefined) throw new AccessRefused('company_user_required', { reason: 'no company user' })
    if (id !== undefined && companyUserId !== id) {
      throw new AccessRefused('company_user_required', { reason: 'another company user' })
    }
  }
}

/** A customer, and no service or agent of its own. */
export function requireCustomer(): Rule {
  return ({ customerReference }) => {
    if (customerReference === undefined) throw new AccessRefused('customer_required', { reason: 'no customer' })
  }
}

/** Nobody of the shop's staff who acts for the customer. */
export function refuseAgents(): Rule {
  return ({ claims }) => {
    if ([claims.sub, ...actorsOf(claims)].some((each) => each.startsWith('agent:'))) {
      throw new AccessRefused('insufficient_permission', { reason: 'an agent may not do this' })
    }
  }
}

/**
 * A sign-in that is strong enough (`minAcr` or better, or one of `acrValues`) and recent enough; the app then asks the customer
 * to sign in again (RFC 9470 §3). @throws TypeError of a `minAcr` that does not exist.
 */
export function requireSignIn({
  minAcr,
  acrValues = minAcr && atLeast(minAcr),
  maxAgeSeconds,
}: {
  readonly minAcr?: Acr
  readonly acrValues?: readonly string[]
  readonly maxAgeSeconds?: number
}): Rule {
  return ({ claims: { acr, auth_time } }, now) => {
    const isStrong = acrValues === undefined || (typeof acr === 'string' && acrValues.includes(acr))
    const age = typeof auth_time === 'number' ? now / 1000 - auth_time : Number.POSITIVE_INFINITY
    if (isStrong && (maxAgeSeconds === undefined || age <= maxAgeSeconds)) return
    const stepUp = {
      ...(acrValues && { acrValues: minAcr ?? acrValues.join(' ') }),
      ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    }
    throw new AccessRefused('insufficient_user_authentication', {
      reason: 'the sign-in is too weak or too old',
      stepUp,
    })
  }
}

/** The scopes that the rules of a route want together. A client asks for `offline_access` by itself, if it wants that. */
export function scopesOf(rules: readonly Rule[]): string | undefined {
  const scopes = new Set(rules.flatMap((rule) => rule.scopes ?? []))
  scopes.delete('offline_access')
  return scopes.size > 0 ? [...scopes].join(' ') : undefined
}

function atLeast(minAcr: Acr): readonly Acr[] {
  const index = ACR_ORDER.indexOf(minAcr)
  if (index < 0) throw new TypeError(`requireSignIn: minAcr is one of ${ACR_ORDER.join(', ')}`)
  return ACR_ORDER.slice(index)
}
