import { hash } from 'node:crypto'
import { normalizeEmail } from '../../credentials/email.ts'
import type { ImportCompanyUser, ImportRecord, ImportRole } from './import-record.ts'
import { passwordFingerprint } from './password-fingerprint.ts'

/** A record with what the database knows about it added. */
export type PlacedRecord = {
  readonly record: ImportRecord
  readonly id: string
  readonly isNew: boolean
  readonly idCustomer?: number
  readonly status: 'active' | 'blocked'
  readonly emailVerified: boolean
}

type Row = Readonly<Record<string, unknown>>

/** The rows of a batch, table by table, each key once and in a fixed order so that two imports cannot deadlock. */
export type ImportRows = {
  readonly customers: readonly Row[]
  /** Known customers whose company users are given and so replaced. */
  readonly replacedMembersOf: readonly string[]
  /** The company users of those, whose roles are replaced. */
  readonly replacedMembers: readonly string[]
  /** Roles that came with an id, whose permissions are replaced. */
  readonly replacedRoles: readonly string[]
  readonly companies: readonly Row[]
  readonly businessUnits: readonly Row[]
  readonly companyUsers: readonly Row[]
  readonly roles: readonly Row[]
  readonly permissions: readonly Row[]
  readonly memberRoles: readonly Row[]
}

/** Spreads records over the tables. Of a company or role that several records name, the last one's words count. */
export function importRows(placed: readonly PlacedRecord[]): ImportRows {
  const companies = new Map<string, Row>()
  const businessUnits = new Map<string, Row>()
  const companyUsers: Row[] = []
  const roles = new Map<string, { readonly row: Row; readonly role: ImportRole }>()
  const memberRoles = new Map<string, Row>()

  for (const { record, id: customerId } of placed) {
    for (const [position, companyUser] of (record.companyUsers ?? []).entries()) {
      const { company, businessUnit } = companyUser
      companies.set(company.id, company)
      if (businessUnit) businessUnits.set(businessUnit.id, { ...businessUnit, company_id: company.id })
      companyUsers.push(companyUserRow(companyUser, customerId, position))
      for (const [order, role] of companyUser.roles.entries()) {
        const id = roleIdOf(company.id, role)
        roles.set(id, { row: { id, company_id: company.id, name: role.name }, role })
        memberRoles.set(`${companyUser.id} ${id}`, {
          company_user_id: companyUser.id,
          company_role_id: id,
          position: order,
        })
      }
    }
  }

  const known = placed.filter(({ record, isNew }) => !isNew && record.companyUsers)
  return {
    customers: placed.map(customerRow),
    replacedMembersOf: known.map(({ id }) => id),
    replacedMembers: known.flatMap(({ record }) => record.companyUsers ?? []).map(({ id }) => id),
    replacedRoles: [...roles.values()].flatMap(({ role }) => role.id ?? []),
    companies: sorted(companies),
    businessUnits: sorted(businessUnits),
    companyUsers,
    roles: sorted(new Map([...roles].map(([id, { row }]) => [id, row]))),
    permissions: [...roles].flatMap(([id, { role }]) => permissionRows(id, role)),
    memberRoles: [...memberRoles.values()],
  }
}

function customerRow({ record, id, idCustomer, status, emailVerified }: PlacedRecord): Row {
  const { password } = record
  return {
    id,
    id_customer: idCustomer,
    customer_reference: record.customerReference,
    email: record.email.trim(),
    email_normalized: normalizeEmail(record.email),
    email_verified: emailVerified,
    status,
    given_name: record.givenName,
    family_name: record.familyName,
    locale: record.locale,
    allows_support: record.allowsSupport ?? null,
    ...(password && {
      password_scheme: password.scheme,
      password_hash: password.hash,
      password_salt: password.salt,
      password_fingerprint: passwordFingerprint({ ...password, salt: password.salt ?? undefined }),
    }),
  }
}

function companyUserRow(companyUser: ImportCompanyUser, customerId: string, position: number): Row {
  return {
    id: companyUser.id,
    id_company_user: companyUser.idCompanyUser,
    customer_id: customerId,
    company_id: companyUser.company.id,
    business_unit_id: companyUser.businessUnit?.id,
    position,
    is_active: companyUser.isActive,
    is_default: companyUser.isDefault,
  }
}

function permissionRows(roleId: string, role: ImportRole): Row[] {
  return role.permissions.map((permission, position) => ({
    company_role_id: roleId,
    position,
    id_permission: permission.idPermission,
    key: permission.key,
    configuration: permission.configuration ?? {},
    configuration_signature: permission.configurationSignature ?? [],
  }))
}

/**
 * The id of a role, also of one that came without. Its permissions are part of it: two records that say "Buyer" and mean
 * different rights must not end up sharing the wider ones.
 */
export function roleIdOf(companyId: string, { id, name, permissions }: ImportRole): string {
  if (id) return id
  const hex = hash('sha256', JSON.stringify([companyId, name, permissions]))
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function sorted(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
