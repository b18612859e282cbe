import { hash, randomBytes, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { mayRule, type Role } from './role.ts'

/** An admin token without the token itself, of which only a digest is kept. */
export type AdminToken = {
  readonly id: string
  /** Never used twice, so that the audit trail stays readable. */
  readonly name: string
  readonly role: Role
  /** The actor that made it, as the audit trail names it. */
  readonly createdBy: string
  /** Epoch seconds, as all that follow. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number
  /** To the minute. */
  readonly lastUsedAt?: number
}

export type NewAdminToken = Pick<AdminToken, 'name' | 'role' | 'createdBy' | 'expiresAt'>
export type AdminTokens = ReturnType<typeof createAdminTokens>

type Row = {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly created_by: string
  readonly created_at: Date
  readonly expires_at: Date
  readonly revoked_at: Date | null
  readonly last_used_at: Date | null
}

/** By it secret scanners and people know what they found. */
export const ADMIN_TOKEN_PREFIX = 'vat_'

const USE_IS_NOTED_EVERY_MS = 60_000

/** Tokens for programs that use the admin API: 256 random bits, kept as a SHA-256, so that a database gives none away. */
export function createAdminTokens({ knex }: { readonly knex: Knex }) {
  const tokens = () => knex<Row>('admin_tokens')

  async function revokeWithMade(from: { readonly id: string } | { readonly created_by: string }): Promise<void> {
    await knex.raw(REVOKE_WITH_MADE, ['id' in from ? from.id : null, 'id' in from ? null : from.created_by])
  }

  return {
    /** The token is in this answer and never again; undefined when the name is taken. */
    async create(made: NewAdminToken): Promise<{ token: string; adminToken: AdminToken } | undefined> {
      const token = `${ADMIN_TOKEN_PREFIX}${randomBytes(32).toString('base64url')}`
      const rows = (await knex('admin_tokens')
        .insert({
          id: randomUUID(),
          name: made.name,
          sha256: digest(token),
          role: made.role,
          created_by: made.createdBy,
          expires_at: new Date(made.expiresAt * 1000),
        })
        .onConflict('name')
        .ignore()
        .returning('*')) as Row[] // the columns of the table
      return rows[0] && { token, adminToken: toAdminToken(rows[0]) }
    },

    /**
     * The active token with this value. A token whose maker was blocked, has a lower role or was revoked is revoked here
     * if it was not yet: its role is never more than its maker could give now, and it does not come back.
     */
    async find(presented: string): Promise<AdminToken | undefined> {
      const { rows: chain } = await knex.raw<{ rows: ChainRow[] }>(SELECT_CHAIN, [digest(presented)])
      const [row] = chain
      if (!row || row.revoked_at || row.expires_at.getTime() <= Date.now()) return undefined
      if (!chain.every(hasStandingMaker)) {
        await revokeWithMade({ id: row.id })
        return undefined
      }
      if (Date.now() - (row.last_used_at?.getTime() ?? 0) > USE_IS_NOTED_EVERY_MS) {
        await tokens().where({ id: row.id }).update({ last_used_at: new Date() })
      }
      return toAdminToken(row)
    },

    async findByName(name: string): Promise<AdminToken | undefined> {
      const row: Row | undefined = await knex('admin_tokens').where({ name }).first()
      return row && toAdminToken(row)
    },

    /** By name, those that are over included. */
    async list({ limit, cursor }: PageRequest): Promise<Page<AdminToken>> {
      const rows: Row[] = await knex('admin_tokens')
        .where('name', '>', keyOfCursor(cursor))
        .orderBy('name')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.name, toAdminToken)
    },

    /** It and every token made with it are refused from the next request on. */
    revoke: (id: string): Promise<void> => revokeWithMade({ id }),

    /** Every token that an administrator made, and every one that was made with those: for good. */
    revokeMadeBy: (administratorId: string): Promise<void> =>
      revokeWithMade({ created_by: `administrator:${administratorId}` }),
  }
}

/** A token of a chain, each made with the next; the last was made by a person, or by who holds ADMIN_TOKEN. */
type ChainRow = Row & {
  readonly maker_status: 'active' | 'blocked' | null
  readonly maker_role: Role | null
}

const SELECT_CHAIN = `
  with recursive chain as (
    select t.*, 0 as distance from admin_tokens t where t.sha256 = ?
    union all
    select m.*, c.distance + 1 from chain c join admin_tokens m on c.created_by = 'admin-token:' || m.name)
  select c.*, a.status as maker_status, a.role as maker_role
  from chain c left join administrators a on c.created_by = 'administrator:' || a.id
  order by c.distance`

const REVOKE_WITH_MADE = `
  with recursive made as (
    select id, name from admin_tokens where id = ? or created_by = ?
    union
    select t.id, t.name from admin_tokens t join made m on t.created_by = 'admin-token:' || m.name)
  update admin_tokens set revoked_at = now() where revoked_at is null and id in (select id from made)`

/** A token that has merely expired may have made its successor; one that was revoked took its own along. */
function hasStandingMaker(token: ChainRow, index: number, chain: readonly ChainRow[]): boolean {
  if (token.revoked_at) return false
  if (token.created_by.startsWith('administrator:'))
    return token.maker_status === 'active' && token.maker_role !== null && mayRule(token.maker_role, token.role)
  return !token.created_by.startsWith('admin-token:') || index + 1 < chain.length
}

function toAdminToken(row: Row): AdminToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdBy: row.created_by,
    createdAt: seconds(row.created_at),
    expiresAt: seconds(row.expires_at),
    ...(row.revoked_at && { revokedAt: seconds(row.revoked_at) }),
    ...(row.last_used_at && { lastUsedAt: seconds(row.last_used_at) }),
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}
