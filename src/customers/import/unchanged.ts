import type { CompanyUser, Customer } from '../customer.ts'
import type { Existing } from './import-conflicts.ts'
import type { ImportCompanyUser, ImportRecord, ImportRole } from './import-record.ts'
import { roleIdOf } from './import-rows.ts'
import { passwordFingerprint } from './password-fingerprint.ts'

/** What companies, business units and roles say, by what it is of: many customers have them together. */
export type SharedContents = ReadonlyMap<string, string>

/** A known customer as the database has it. */
export type Stored = { readonly existing: Existing; readonly customer: Customer }

/** True when storing `record` would change nothing; `meanwhile` is what lines before it have changed of companies and roles. */
export function isUnchanged(record: ImportRecord, { existing, customer }: Stored, meanwhile: SharedContents): boolean {
  return (
    !changesProfile(record, { existing, customer }) &&
    !changesPassword(record, existing) &&
    !changesCompanyUsers(record, customer, meanwhile)
  )
}

/** What a record says of companies, business units and roles. */
export function sharedContents(companyUsers: ImportRecord['companyUsers'] = []): Map<string, string> {
  return new Map(
    companyUsers.flatMap(({ company, businessUnit, roles }): [string, string][] => [
      [`company ${company.id} name`, company.name],
      ...(company.status ? [[`company ${company.id} status`, company.status] as [string, string]] : []), // a pair, for the map
      ...(businessUnit ? [[`unit ${businessUnit.id}`, businessUnit.name] as [string, string]] : []), // a pair, for the map
      // A role without an id has one that is made of what it says.
      ...roles.flatMap(({ id, name, permissions }): [string, string][] =>
        id ? [[`role ${id}`, JSON.stringify([name, permissions.map(permissionOf)])]] : [],
      ),
    ]),
  )
}

function changesProfile(record: ImportRecord, { existing, customer }: Stored): boolean {
  const { email, idCustomer, emailVerified, status, givenName, familyName, locale, allowsSupport } = record
  return (
    email.trim() !== customer.email ||
    !existing.hasEmailFormOfNow ||
    differs(idCustomer, customer.idCustomer) ||
    differs(emailVerified, customer.emailVerified) ||
    differs(status, customer.status) ||
    (givenName ?? undefined) !== customer.givenName ||
    (familyName ?? undefined) !== customer.familyName ||
    (locale ?? undefined) !== customer.locale ||
    differs(allowsSupport ?? undefined, customer.allowsSupport ?? false)
  )
}

/** The rule of the statement that stores it: a password that came before, or is there as it comes, is not new. */
function changesPassword({ password }: ImportRecord, existing: Existing): boolean {
  if (!password) return false
  const salt = password.salt ?? undefined
  if (passwordFingerprint({ ...password, salt }) === existing.passwordFingerprint) return false
  const { passwordScheme, passwordHash, passwordSalt } = existing
  return passwordScheme !== password.scheme || passwordHash !== password.hash || (passwordSalt ?? undefined) !== salt
}

function changesCompanyUsers({ companyUsers }: ImportRecord, customer: Customer, meanwhile: SharedContents): boolean {
  if (!companyUsers) return false
  const stored = customer.companyUsers.map(toImported)
  if (JSON.stringify(companyUsers.map(own)) !== JSON.stringify(stored.map(own))) return true
  const contents = sharedContents(stored)
  return [...sharedContents(companyUsers)].some(([key, said]) => (meanwhile.get(key) ?? contents.get(key)) !== said)
}

/** What of a company user is the customer's own. */
function own({ id, idCompanyUser, company, businessUnit, isActive, isDefault, roles }: ImportCompanyUser): unknown[] {
  const roleIds = roles.map((role) => roleIdOf(company.id, role))
  return [id, idCompanyUser, company.id, businessUnit?.id, isActive, isDefault, [...new Set(roleIds)]]
}

/** A stored company user in the type of a record's. */
function toImported({ roles, ...companyUser }: CompanyUser): ImportCompanyUser {
  return {
    ...companyUser,
    roles: roles.map(({ permissions, ...role }) => ({ ...role, permissions: [...permissions] })),
  }
}

function permissionOf({
  key,
  idPermission,
  configuration,
  configurationSignature,
}: ImportRole['permissions'][number]): unknown[] {
  return [key, idPermission ?? null, configuration ?? {}, configurationSignature ?? []]
}

function differs<T>(given: T | undefined, stored: T): boolean {
  return given !== undefined && given !== stored
}
