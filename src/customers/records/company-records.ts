import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { type Page, type PageRequest, toPage } from '../../database/page.ts'
import { type Changed, isRevision } from '../../database/revision.ts'
import { afterUuid, isUuid } from '../../database/uuid.ts'
import type { CompanyRole } from '../customer.ts'
import type { ImportRole } from '../import/import-record.ts'
import type { TellChanged } from '../recent-customers.ts'
import { type TakenAway, takenAwayBy } from '../taken-away.ts'

export type ListedCompany = { readonly id: string; readonly name: string; readonly status: 'approved' | 'blocked' }
export type BusinessUnit = { readonly id: string; readonly name: string }

export type Company = ListedCompany & {
  readonly businessUnits: readonly BusinessUnit[]
  readonly roles: readonly CompanyRole[]
}

/** A company user as a company sees it. */
export type ListedCompanyUser = {
  readonly id: string
  readonly customerId: string
  readonly customerReference: string
  readonly businessUnitId?: string
  readonly isActive: boolean
  readonly isDefault: boolean
  readonly roleIds: readonly string[]
}

export type CompanyChange = {
  readonly name?: string | undefined
  readonly status?: ListedCompany['status'] | undefined
}

export type CompanyRecordsDeps = { readonly knex: Knex; readonly tellChanged: TellChanged }
export type CompanyRecords = ReturnType<typeof createCompanyRecords>

/** Companies of our own tables, with their business units, roles and company users. */
export function createCompanyRecords({ knex, tellChanged }: CompanyRecordsDeps) {
  /** Under a lock, so that it does not change between the comparison and the change. All its company users are told of. */
  async function changeSeen(
    id: string,
    seen: string,
    change: (transaction: Knex.Transaction) => Promise<unknown>,
  ): Promise<Changed<Company>> {
    const changed = await knex.transaction<Changed<Company>>(async (transaction) => {
      const before = await findCompany(transaction, id, 'for update')
      if (!before) return { outcome: 'unknown' }
      if (!isRevision(seen, before)) return { outcome: 'changed-meanwhile' }
      await change(transaction)
      return { outcome: 'changed', now: (await findCompany(transaction, id)) ?? before, before }
    })
    if (changed.outcome === 'changed') await tellChanged()
    return changed
  }

  return {
    find: (id: string) => findCompany(knex, id),

    /** By id. */
    async list({ limit, cursor }: PageRequest): Promise<Page<ListedCompany>> {
      const rows: ListedCompany[] = await knex('companies')
        .where('id', '>', afterUuid(cursor))
        .orderBy('id')
        .limit(limit + 1)
        .select('id', 'name', 'status')
      return toPage(
        rows,
        limit,
        ({ id }) => id,
        (each) => each,
      )
    },

    /** Undefined when there is one with this id. */
    async create({ id = randomUUID(), name }: { readonly id?: string | undefined; readonly name: string }) {
      const made = await knex('companies').insert({ id, name }).onConflict('id').ignore().returning('id')
      return made.length > 0 ? findCompany(knex, id) : undefined
    },

    async change(id: string, seen: string, { name, status }: CompanyChange) {
      let takenAway: TakenAway | undefined
      const changed = await changeSeen(id, seen, async (transaction) => {
        takenAway = await takenAwayBy(transaction, { customers: [], companies: [id] }, async () => {
          if (name ?? status) await transaction('companies').where({ id }).update({ name, status })
        })
      })
      return { changed, ...(takenAway && { takenAway }) }
    },

    /** Makes a business unit, or gives it another name. */
    putBusinessUnit: (id: string, seen: string, unit: BusinessUnit) =>
      changeSeen(id, seen, (transaction) =>
        transaction('business_units')
          .insert({ id: unit.id, company_id: id, name: unit.name })
          .onConflict('id')
          .merge(['name'])
          .where({ 'business_units.company_id': id }),
      ),

    /** Makes a role, or gives it another name and other permissions; its holders have them in their next token. */
    putRole: (id: string, seen: string, roleId: string, { name, permissions }: Omit<ImportRole, 'id'>) =>
      changeSeen(id, seen, async (transaction) => {
        const [role] = await transaction('company_roles')
          .insert({ id: roleId, company_id: id, name })
          .onConflict('id')
          .merge(['name'])
          .where({ 'company_roles.company_id': id })
          .returning('id')
        // A role of another company is left as it is.
        if (!role) return
        await transaction('permissions').where({ company_role_id: roleId }).delete()
        const rows = permissions.map((permission, position) => ({
          company_role_id: roleId,
          position,
          id_permission: permission.idPermission ?? null,
          key: permission.key,
          configuration: JSON.stringify(permission.configuration ?? {}),
          configuration_signature: JSON.stringify(permission.configurationSignature ?? []),
        }))
        if (rows.length > 0) await transaction('permissions').insert(rows)
      }),

    /** By id. */
    async companyUsers(id: string, { limit, cursor }: PageRequest): Promise<Page<ListedCompanyUser>> {
      if (!isUuid(id)) return { items: [] }
      const { rows } = await knex.raw<{ rows: CompanyUserRow[] }>(SELECT_COMPANY_USERS, [
        id,
        afterUuid(cursor),
        limit + 1,
      ])
      return toPage(rows, limit, (row) => row.id, toCompanyUser)
    },
  }
}

type CompanyRow = ListedCompany & { readonly business_units: BusinessUnit[]; readonly roles: RoleRow[] }
type RoleRow = Omit<CompanyRole, 'permissions'> & {
  readonly permissions: readonly (Omit<CompanyRole['permissions'][number], 'idPermission'> & {
    readonly idPermission: number | null
  })[]
}
type CompanyUserRow = Omit<ListedCompanyUser, 'businessUnitId'> & { readonly businessUnitId: string | null }

async function findCompany(knex: Knex, id: string, lock = ''): Promise<Company | undefined> {
  if (!isUuid(id)) return undefined
  const { rows } = await knex.raw<{ rows: CompanyRow[] }>(`${SELECT_COMPANY} ${lock}`, [id])
  const row = rows[0]
  if (!row) return undefined
  const roles = row.roles.map(({ permissions, ...role }) => ({
    ...role,
    permissions: permissions.map(({ idPermission, ...permission }) => ({
      ...(idPermission !== null && { idPermission }),
      ...permission,
    })),
  }))
  return { id: row.id, name: row.name, status: row.status, businessUnits: row.business_units, roles }
}

const SELECT_COMPANY = `
  select co.id, co.name, co.status,
    coalesce((select json_agg(json_build_object('id', b.id, 'name', b.name) order by b.id)
      from business_units b where b.company_id = co.id), '[]') as business_units,
    coalesce((select json_agg(json_build_object('id', r.id, 'name', r.name, 'permissions',
        coalesce((select json_agg(json_build_object('idPermission', p.id_permission, 'key', p.key,
            'configuration', p.configuration, 'configurationSignature', p.configuration_signature)
          order by p.position, p.key) from permissions p where p.company_role_id = r.id), '[]')) order by r.id)
      from company_roles r where r.company_id = co.id), '[]') as roles
  from companies co where co.id = ?`

const SELECT_COMPANY_USERS = `
  select cu.id, cu.customer_id as "customerId", c.customer_reference as "customerReference",
    cu.business_unit_id as "businessUnitId", cu.is_active as "isActive", cu.is_default as "isDefault",
    coalesce((select json_agg(r.company_role_id order by r.position) from company_user_roles r
      where r.company_user_id = cu.id), '[]') as "roleIds"
  from company_users cu join customers c on c.id = cu.customer_id
  where cu.company_id = ? and cu.id > ? order by cu.id limit ?`

function toCompanyUser({ businessUnitId, ...listed }: CompanyUserRow): ListedCompanyUser {
  return { ...listed, ...(businessUnitId !== null && { businessUnitId }) }
}
