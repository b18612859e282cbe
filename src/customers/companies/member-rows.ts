import type { Knex } from 'knex'
import { containing } from '../../database/like.ts'
import { type Page, toPage } from '../../database/page.ts'
import { isUuid } from '../../database/uuid.ts'

/** Somebody of a company, as those who look after it see them. */
export type Member = {
  readonly id: string
  readonly customerId: string
  readonly email: string
  readonly name: string
  readonly isActive: boolean
  readonly roles: readonly { readonly id: string; readonly name: string }[]
}

export type MembersAsked = {
  readonly companyId: string
  /** Of the name or the address. */
  readonly search?: string
  readonly limit: number
  readonly cursor?: string
  /** Those who were deactivated as well. Who left is listed nowhere. */
  readonly withInactive?: boolean
}

/** The people of a company by their addresses; all of them, or those whose name or address has `search`. */
export async function listMembers(connection: Knex, asked: MembersAsked): Promise<Page<Member>> {
  const { companyId, search = '', limit, cursor, withInactive = false } = asked
  // Postgres stores no NUL, and compares with none.
  const wanted = containing(search.replaceAll('\0', '').trim().slice(0, 200))
  const [email, id] = placeOf(cursor)
  const { rows } = await connection.raw<{ rows: Row[] }>(
    `${MEMBERS} ${withInactive ? '' : 'and cu.is_active'} and (${SEARCHED}) and (c.email, cu.id::text) > (?, ?)
     order by c.email, cu.id limit ?`,
    [companyId, wanted, wanted, email, id, limit + 1],
  )
  return toPage(rows, limit, (row) => `${row.id} ${row.email}`, toMember)
}

/** One of a company, also when deactivated; undefined for everybody else's. */
export async function memberOf(connection: Knex, companyId: string, id: string): Promise<Member | undefined> {
  if (!isUuid(id)) return undefined
  const { rows } = await connection.raw<{ rows: Row[] }>(`${MEMBERS} and cu.id = ?`, [companyId, id])
  return rows[0] && toMember(rows[0])
}

/** Puts roles in the place of those a company user has. */
export async function replaceRoles(transaction: Knex, memberId: string, roleIds: readonly string[]): Promise<void> {
  await transaction('company_user_roles').where({ company_user_id: memberId }).delete()
  const rows = roleIds.map((id, position) => ({ company_user_id: memberId, company_role_id: id, position }))
  if (rows.length > 0) await transaction('company_user_roles').insert(rows)
}

/**
 * The ids of the roles of a company that a company user may give, and take from others, now: none with a permission that they do not
 * have. Within a transaction no such role is removed until it ends.
 */
export async function givableIds(
  transaction: Knex,
  own: { readonly id: string; readonly company: { readonly id: string } },
): Promise<ReadonlySet<string>> {
  const { rows } = await transaction.raw<{ rows: { id: string }[] }>(GIVABLE, [own.company.id, own.id])
  return new Set(rows.map(({ id }) => id))
}

type Row = {
  readonly id: string
  readonly customerId: string
  readonly email: string
  readonly givenName: string | null
  readonly familyName: string | null
  readonly isActive: boolean
  readonly roles: Member['roles']
}

const MEMBERS = `
  select cu.id, c.id as "customerId", c.email, c.given_name as "givenName", c.family_name as "familyName",
    cu.is_active as "isActive",
    coalesce((select json_agg(json_build_object('id', r.id, 'name', r.name) order by ur.position)
      from company_user_roles ur join company_roles r on r.id = ur.company_role_id
      where ur.company_user_id = cu.id), '[]') as roles
  from company_users cu join customers c on c.id = cu.customer_id
  where cu.company_id = ? and c.status = 'active' and (cu.is_active or cu.left_at is null)`

const SEARCHED = `c.email ilike ? or concat_ws(' ', c.given_name, c.family_name) ilike ?`

const GIVABLE = `
  select r.id from company_roles r where r.company_id = ? and not exists (
    select 1 from permissions p where p.company_role_id = r.id and p.key not in (
      select own.key from company_user_roles ur join permissions own on own.company_role_id = ur.company_role_id
      where ur.company_user_id = ?))
  for share of r`

/** The key of a page is the id and the address, which may have spaces. */
function placeOf(cursor: string | undefined): [email: string, id: string] {
  const key = cursor === undefined ? '' : Buffer.from(cursor, 'base64url').toString().replaceAll('\0', '')
  const at = key.indexOf(' ')
  return at < 0 ? ['', ''] : [key.slice(at + 1), key.slice(0, at)]
}

function toMember({ id, customerId, email, givenName, familyName, isActive, roles }: Row): Member {
  return { id, customerId, email, name: [givenName, familyName].filter(Boolean).join(' '), isActive, roles }
}
