/** The person who shops: the resource owner, `sub`. */
export type Customer = {
  /** A UUID; `sub` in tokens. */
  readonly id: string
  /** The shop's own integer key, `id_customer` in Spryker-shaped tokens. */
  readonly idCustomer: number
  readonly customerReference: string
  readonly email: string
  readonly emailVerified: boolean
  readonly status: 'active' | 'blocked' | 'anonymised'
  readonly givenName?: string
  readonly familyName?: string
  readonly locale?: string
  /** Whether agents may act for them where the shop asks for permission. */
  readonly allowsSupport?: boolean
  readonly companyUsers: readonly CompanyUser[]
}

/** What stands in the place of a company user's id where somebody chose to act for none: as a private person. */
export const PRIVATE_PERSON = 'none'

/** The id of the company user that was chosen; undefined for a private person, and where nobody chose. */
export function chosenId(choice: string | undefined): string | undefined {
  return choice === PRIVATE_PERSON ? undefined : choice
}

/** A customer acting for a company. */
export type CompanyUser = {
  readonly id: string
  /** The shop's own number, where it has told one. */
  readonly idCompanyUser?: number
  readonly company: { readonly id: string; readonly name: string; readonly status: 'approved' | 'blocked' }
  readonly businessUnit?: { readonly id: string; readonly name: string }
  readonly isActive: boolean
  readonly isDefault: boolean
  readonly roles: readonly CompanyRole[]
}

export type CompanyRole = {
  readonly id: string
  readonly name: string
  readonly permissions: readonly Permission[]
}

/** A named right with a configuration. Arrays and gapped lists of the shop are kept exactly as given. */
export type Permission = {
  readonly idPermission?: number
  readonly key: string
  readonly configuration: unknown
  readonly configurationSignature: unknown
}

/**
 * The company user a sign-in acts as: the only active one; of several the active default; otherwise none, and the
 * client asks the person. A company user of a blocked company is not active.
 */
export function selectCompanyUser(customer: Pick<Customer, 'companyUsers'>): CompanyUser | undefined {
  const active = customer.companyUsers.filter(isActiveCompanyUser)
  return active.length === 1 ? active[0] : active.find((companyUser) => companyUser.isDefault)
}

export function isActiveCompanyUser(companyUser: CompanyUser): boolean {
  return companyUser.isActive && companyUser.company.status === 'approved'
}

/** The permissions of all roles of a company user, each key once, in the order of the roles. */
export function permissionsOf(companyUser: CompanyUser): Permission[] {
  const byKey = new Map<string, Permission>()
  for (const permission of companyUser.roles.flatMap((role) => role.permissions)) {
    if (!byKey.has(permission.key)) byKey.set(permission.key, permission)
  }
  return [...byKey.values()]
}

export function fullName(customer: Pick<Customer, 'givenName' | 'familyName'>): string | undefined {
  return [customer.givenName, customer.familyName].filter(Boolean).join(' ') || undefined
}
