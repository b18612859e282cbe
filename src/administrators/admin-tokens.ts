import { hash, randomBytes, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import type { Role } from './role.ts'

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

    /** The active token with this value. */
    async find(presented: string): Promise<AdminToken | undefined> {
      const row: Row | undefined = await knex('admin_tokens')
        .where({ sha256: digest(presented), revoked_at: null })
        .where('expires_at', '>', knex.fn.now())
        .first()
      if (row && Date.now() - (row.last_used_at?.getTime() ?? 0) > USE_IS_NOTED_EVERY_MS) {
        await tokens().where({ id: row.id }).update({ last_used_at: new Date() })
      }
      return row && toAdminToken(row)
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

    /** It is refused from the next request on. */
    async revoke(id: string): Promise<void> {
      await tokens().where({ id, revoked_at: null }).update({ revoked_at: new Date() })
    },
  }
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
