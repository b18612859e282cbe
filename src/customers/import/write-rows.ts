import type { Knex } from 'knex'
import { isRaising } from '../../database/given-numbers.ts'
import type { ImportRows } from './import-rows.ts'

/** Writes a batch inside a transaction: the number of statements does not depend on the size of the batch. */
export async function writeRows(transaction: Knex, rows: ImportRows): Promise<void> {
  const run = (sql: string, ...bindings: readonly unknown[]) =>
    transaction.raw(
      sql,
      bindings.map((binding) => JSON.stringify(binding)),
    )

  const given = rows.customers
    .flatMap((row) => (typeof row.id_customer === 'number' ? row.id_customer : []))
    .filter(isRaising)
  if (given.length > 0)
    await run(
      RAISE_SEQUENCE,
      given.reduce((a, b) => Math.max(a, b), 0),
    )
  await run(UPSERT_CUSTOMERS, rows.customers)
  if (rows.replacedMembersOf.length > 0) {
    await run(DELETE_OTHER_COMPANY_USERS, rows.replacedMembersOf, rows.replacedMembers)
  }
  if (rows.companyUsers.length === 0) return
  if (rows.companies.length > 0) await run(UPSERT_COMPANIES, rows.companies)
  if (rows.businessUnits.length > 0) await run(UPSERT_BUSINESS_UNITS, rows.businessUnits)
  await run(UPSERT_COMPANY_USERS, rows.companyUsers)
  if (rows.replacedMembers.length > 0) await run(DELETE_OTHER_MEMBER_ROLES, rows.replacedMembers, rows.memberRoles)
  if (rows.roles.length > 0) await run(UPSERT_ROLES, rows.roles)
  if (rows.replacedRoles.length > 0) await run(DELETE_OTHER_PERMISSIONS, rows.replacedRoles, rows.permissions)
  if (rows.permissions.length > 0) await run(UPSERT_PERMISSIONS, rows.permissions)
  if (rows.memberRoles.length > 0) await run(UPSERT_MEMBER_ROLES, rows.memberRoles)
}

/** Numbers the shop gave must not be given out again by us. */
const RAISE_SEQUENCE = `
  select setval('customers_id_customer_seq', greatest((select last_value from customers_id_customer_seq), ?::text::bigint))`

const UPSERT_CUSTOMERS = `
  insert into customers as c (id, id_customer, customer_reference, email, email_normalized, email_verified, status,
    given_name, family_name, locale, allows_support, password_scheme, password_hash, password_salt, password_fingerprint)
  select id, coalesce(id_customer, nextval('customers_id_customer_seq')::integer), customer_reference, email,
    email_normalized, email_verified, status, given_name, family_name, locale,
    coalesce(allows_support, (select e.allows_support from customers e where e.customer_reference = r.customer_reference), false),
    password_scheme, password_hash, password_salt, password_fingerprint
  from json_to_recordset(?::json) as r (id uuid, id_customer integer, customer_reference text, email text,
    email_normalized text, email_verified boolean, status text, given_name text, family_name text, locale text,
    allows_support boolean, password_scheme text, password_hash text, password_salt text, password_fingerprint text)
  on conflict (customer_reference) do update set
    id_customer = excluded.id_customer, email = excluded.email, email_normalized = excluded.email_normalized,
    email_verified = excluded.email_verified, status = excluded.status, given_name = excluded.given_name,
    family_name = excluded.family_name, locale = excluded.locale, allows_support = excluded.allows_support, updated_at = now(),
    (password_scheme, password_hash, password_salt, password_fingerprint, password_changed_at) = (
      select n.scheme, n.hash, n.salt, n.fingerprint, n.changed_at from (values
        (true, excluded.password_scheme, excluded.password_hash, excluded.password_salt,
          excluded.password_fingerprint, now()),
        (false, c.password_scheme, c.password_hash, c.password_salt, c.password_fingerprint, c.password_changed_at)
      ) as n (is_new, scheme, hash, salt, fingerprint, changed_at)
      where n.is_new = (excluded.password_hash is not null
        and excluded.password_fingerprint is distinct from c.password_fingerprint
        and (excluded.password_scheme, excluded.password_hash, excluded.password_salt)
          is distinct from (c.password_scheme, c.password_hash, c.password_salt))
    )`

const UPSERT_COMPANIES = `
  insert into companies as c (id, name, status)
  select id, name, coalesce(status, (select e.status from companies e where e.id = r.id), 'approved')
  from json_to_recordset(?::json) as r (id uuid, name text, status text)
  on conflict (id) do update set name = excluded.name, status = excluded.status
  where (c.name, c.status) is distinct from (excluded.name, excluded.status)`

const UPSERT_BUSINESS_UNITS = `
  insert into business_units as b (id, company_id, name)
  select id, company_id, name from json_to_recordset(?::json) as r (id uuid, company_id uuid, name text)
  on conflict (id) do update set name = excluded.name where b.name is distinct from excluded.name`

const DELETE_OTHER_COMPANY_USERS = `
  delete from company_users
  where customer_id in (select json_array_elements_text(?::json)::uuid)
    and id not in (select json_array_elements_text(?::json)::uuid)`

const UPSERT_COMPANY_USERS = `
  insert into company_users (id, id_company_user, customer_id, company_id, business_unit_id, position, is_active, is_default)
  select id, id_company_user, customer_id, company_id, business_unit_id, position, is_active, is_default
  from json_to_recordset(?::json) as r (id uuid, id_company_user integer, customer_id uuid, company_id uuid,
    business_unit_id uuid, position integer, is_active boolean, is_default boolean)
  on conflict (id) do update set id_company_user = excluded.id_company_user,
    company_id = excluded.company_id, business_unit_id = excluded.business_unit_id,
    position = excluded.position, is_active = excluded.is_active, is_default = excluded.is_default`

const UPSERT_ROLES = `
  insert into company_roles as o (id, company_id, name)
  select id, company_id, name from json_to_recordset(?::json) as r (id uuid, company_id uuid, name text)
  on conflict (id) do update set name = excluded.name where o.name is distinct from excluded.name`

const DELETE_OTHER_PERMISSIONS = `
  delete from permissions
  where company_role_id in (select json_array_elements_text(?::json)::uuid)
    and (company_role_id, key) not in (
      select company_role_id, key from json_to_recordset(?::json) as r (company_role_id uuid, key text))`

const UPSERT_PERMISSIONS = `
  insert into permissions as p (company_role_id, position, id_permission, key, configuration, configuration_signature)
  select company_role_id, position, id_permission, key, configuration, configuration_signature
  from json_to_recordset(?::json) as r (company_role_id uuid, position integer, id_permission integer, key text,
    configuration json, configuration_signature json)
  on conflict (company_role_id, key) do update set position = excluded.position,
    id_permission = excluded.id_permission, configuration = excluded.configuration,
    configuration_signature = excluded.configuration_signature
  where (p.position, p.id_permission, p.configuration::text, p.configuration_signature::text) is distinct from
    (excluded.position, excluded.id_permission, excluded.configuration::text, excluded.configuration_signature::text)`

const DELETE_OTHER_MEMBER_ROLES = `
  delete from company_user_roles
  where company_user_id in (select json_array_elements_text(?::json)::uuid)
    and (company_user_id, company_role_id) not in (
      select company_user_id, company_role_id
      from json_to_recordset(?::json) as r (company_user_id uuid, company_role_id uuid))`

const UPSERT_MEMBER_ROLES = `
  insert into company_user_roles (company_user_id, company_role_id, position)
  select company_user_id, company_role_id, position
  from json_to_recordset(?::json) as r (company_user_id uuid, company_role_id uuid, position integer)
  on conflict (company_user_id, company_role_id) do update set position = excluded.position`
