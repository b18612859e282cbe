import { type Access, actorsOf } from './claims.ts'
import { AccessRefused } from './refused.ts'

/** What a route wants of the caller. @throws AccessRefused when it is not so. */
export type Rule = (access: Access, now: number) => void | Promise<void>

/** All of these scopes. */
export function requireScope(...scopes: readonly string[]): Rule {
  return (access) => {
    const missing = scopes.filter((scope) => !access.scopes.has(scope))
    if (missing.length > 0) {
      throw new AccessRefused('insufficient_scope', { reason: `lacks ${missing.join(' ')}`, scope: scopes.join(' ') })
    }
  }
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

/** A sign-in that is strong or recent enough; the app then asks the customer to sign in again (RFC 9470 §3). */
export function requireSignIn({
  acrValues,
  maxAgeSeconds,
}: {
  readonly acrValues?: readonly string[]
  readonly maxAgeSeconds?: number
}): Rule {
  return ({ claims: { acr, auth_time } }, now) => {
    const isStrong = acrValues === undefined || (typeof acr === 'string' && acrValues.includes(acr))
    const age = typeof auth_time === 'number' ? now / 1000 - auth_time : Number.POSITIVE_INFINITY
    if (isStrong && (maxAgeSeconds === undefined || age <= maxAgeSeconds)) return
    const stepUp = {
      ...(acrValues && { acrValues: acrValues.join(' ') }),
      ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
    }
    throw new AccessRefused('insufficient_user_authentication', {
      reason: 'the sign-in is too weak or too old',
      stepUp,
    })
  }
}
