import { type PasswordColumns, passwordOf } from '../credentials/password-columns.ts'
import type { CompanyUser, Customer } from './customer.ts'
import type { CustomerWithPassword } from './directory.ts'

/** A customer as `SELECT_CUSTOMER` reads it. */
export type CustomerRow = PasswordColumns & {
  readonly id: string
  readonly id_customer: number
  readonly customer_reference: string
  readonly email: string
  readonly email_verified: boolean
  readonly status: Customer['status']
  readonly given_name: string | null
  readonly family_name: string | null
  readonly locale: string | null
  readonly allows_support: boolean
  readonly password_change_required: boolean
  readonly credential_generation: number
  readonly company_users: readonly CompanyUserJson[] | null
}

/** What the query builds: a company user, but with nulls where ours leaves a property out. */
type CompanyUserJson = Omit<CompanyUser, 'businessUnit' | 'roles' | 'idCompanyUser'> & {
  readonly idCompanyUser: number | null
  readonly businessUnit: CompanyUser['businessUnit'] | null
  readonly roles: readonly RoleJson[] | null
}
type RoleJson = { readonly id: string; readonly name: string; readonly permissions: readonly PermissionJson[] | null }
type PermissionJson = {
  readonly idPermission: number | null
  readonly key: string
  readonly configuration: unknown
  readonly configurationSignature: unknown
}

/** One query for a customer with company users, roles and permissions; a condition on `c` follows. */
export const SELECT_CUSTOMER = `
  select c.id, c.id_customer, c.customer_reference, c.email, c.email_verified, c.status,
    c.given_name, c.family_name, c.locale, c.allows_support, c.password_scheme, c.password_hash, c.password_salt,
    c.password_change_required, c.credential_generation,
    (select json_agg(json_build_object(
        'id', cu.id,
        'idCompanyUser', cu.id_company_user,
        'company', json_build_object('id', co.id, 'name', co.name, 'status', co.status),
        'businessUnit', case when bu.id is not null then json_build_object('id', bu.id, 'name', bu.name) end,
        'isActive', cu.is_active,
        'isDefault', cu.is_default,
        'roles', (select json_agg(json_build_object(
            'id', r.id,
            'name', r.name,
            'permissions', (select json_agg(json_build_object(
                'idPermission', p.id_permission,
                'key', p.key,
                'configuration', p.configuration,
                'configurationSignature', p.configuration_signature
              ) order by p.position, p.key) from permissions p where p.company_role_id = r.id)
          ) order by cur.position, r.id)
          from company_user_roles cur join company_roles r on r.id = cur.company_role_id
          where cur.company_user_id = cu.id)
      ) order by cu.position, cu.id)
      from company_users cu
      join companies co on co.id = cu.company_id
      left join business_units bu on bu.id = cu.business_unit_id
      where cu.customer_id = c.id) as company_users
  from customers c`

/** The customer of a row, and the password beside it. */
export function toCustomerWithPassword(row: CustomerRow): CustomerWithPassword {
  return {
    customer: toCustomer(row),
    ...passwordOf(row),
    passwordChangeRequired: row.password_change_required,
    generation: row.credential_generation,
  }
}

function toCustomer(row: CustomerRow): Customer {
  return {
    id: row.id,
    idCustomer: row.id_customer,
    customerReference: row.customer_reference,
    email: row.email,
    emailVerified: row.email_verified,
    status: row.status,
    ...(row.given_name !== null && { givenName: row.given_name }),
    ...(row.family_name !== null && { familyName: row.family_name }),
    ...(row.locale !== null && { locale: row.locale }),
    ...(row.allows_support && { allowsSupport: true }),
    companyUsers: (row.company_users ?? []).map(toCompanyUser),
  }
}

function toCompanyUser({ id, idCompanyUser, businessUnit, roles, ...companyUser }: CompanyUserJson): CompanyUser {
  return {
    id,
    ...(idCompanyUser !== null && { idCompanyUser }),
    ...companyUser,
    ...(businessUnit && { businessUnit }),
    roles: (roles ?? []).map((role) => ({
      ...role,
      permissions: (role.permissions ?? []).map(({ idPermission, ...permission }) => ({
        ...(idPermission !== null && { idPermission }),
        ...permission,
      })),
    })),
  }
}
