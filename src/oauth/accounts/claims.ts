import { hash } from 'node:crypto'
import {
  type CompanyUser,
  type Customer,
  fullName,
  isActiveCompanyUser,
  permissionsOf,
} from '../../customers/customer.ts'
import { mailboxOf } from '../../mail.ts'

/** Which claims a scope gives, in ID tokens and at userinfo (OIDC Core §5.4); `auth_time`, `acr` and `amr` in ID tokens only, `act` and `company_users` at userinfo only. */
export const CLAIMS_BY_SCOPE = {
  openid: ['sub', 'auth_time', 'acr', 'amr', 'act'],
  profile: ['name', 'given_name', 'family_name', 'locale'],
  email: ['email', 'email_verified'],
  customer: ['customer_reference', 'id_customer'],
  company: ['id_company_user', 'company_roles', 'permissions', 'company_users'],
} as const

/** The scopes that say something about the person; a resource server's own scopes come beside them. */
export const PERSON_SCOPES = Object.keys(CLAIMS_BY_SCOPE)

/**
 * Scopes that say who somebody is. They follow from a person's sign-in or the grant type, so no client has them for
 * itself.
 */
export const IDENTITY_SCOPES: readonly string[] = [
  ...PERSON_SCOPES,
  'offline_access',
  'agent',
  'user',
  'back-office-user',
  'warehouse-user',
  'merchant-user',
  'warehouse',
  'company-user',
  'company_user',
  'customer_impersonation',
]

/** A client with a `scope` of its own (`registered`) has no other scopes that say something about the person. */
export function mayHaveScope(registered: string | undefined, scope: string): boolean {
  return registered === undefined || !PERSON_SCOPES.includes(scope) || registered.split(' ').includes(scope)
}

export type Claims = Record<string, unknown>

/** Everything that could be said about a customer; the library picks what the granted scopes allow. */
export function accountClaims(customer: Customer, companyUser: CompanyUser | undefined, use: string): Claims {
  return defined({
    sub: customer.id,
    name: fullName(customer),
    given_name: customer.givenName,
    family_name: customer.familyName,
    locale: customer.locale,
    email: mailboxOf(customer.email),
    email_verified: customer.emailVerified,
    id_customer: customer.idCustomer,
    ...commerceClaims(customer, companyUser, { hasFullPermissions: use === 'userinfo' }),
    // Too many for a token: a buyer may act for hundreds of companies.
    company_users: use === 'userinfo' ? companyUsersOf(customer) : undefined,
  })
}

/** A company user as userinfo and `GET /company-users` list it. */
export type CompanyUserClaim = {
  readonly id: string
  readonly company: { readonly id: string; readonly name: string }
  /** Names; empty while they give no right. */
  readonly roles: readonly string[]
  readonly is_default: boolean
  /** Whether the customer may act as it now: it and its company are active. */
  readonly is_active: boolean
}

/** All company users of a customer, those that are not active too. */
export function companyUsersOf({ companyUsers }: Pick<Customer, 'companyUsers'>): CompanyUserClaim[] {
  return companyUsers.map((companyUser) => {
    const { id, company, roles, isDefault } = companyUser
    const isActive = isActiveCompanyUser(companyUser)
    return {
      id,
      company: { id: company.id, name: company.name },
      roles: isActive ? roles.map(({ name }) => name) : [],
      is_default: isDefault,
      is_active: isActive,
    }
  })
}

/** What every access token says about a customer; permissions as keys unless the resource server wants all of them. */
export function commerceClaims(
  customer: Customer,
  companyUser: CompanyUser | undefined,
  { hasFullPermissions }: { hasFullPermissions: boolean },
): Claims {
  const permissions = companyUser ? permissionsOf(companyUser) : []
  return {
    customer_reference: customer.customerReference,
    id_company_user: companyUser?.id ?? null,
    company_roles: companyUser?.roles.map((role) => role.name) ?? [],
    permissions: hasFullPermissions
      ? permissions.map(({ key, configuration }) => ({ key, configuration }))
      : permissions.map(({ key }) => key),
  }
}

/**
 * The digest of permissions by their keys, in no order (SHA-256, base64url): who keeps the permissions of a company user needs to ask for
 * them again only when it changes.
 */
export function digestOf(permissions: readonly (string | { readonly key: string })[]): string {
  const keys = permissions.map((permission) => (typeof permission === 'string' ? permission : permission.key))
  return hash('sha256', JSON.stringify(keys.toSorted()), 'base64url')
}

/** Claims without those that are unknown. */
export function defined(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined))
}
