import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../../database/page.ts'
import { isStorable } from '../../database/storable.ts'
import { digestSecret, newSecretValue } from '../secrets.ts'

/** A token for registrations without the token itself, of which only a digest is kept. */
export type InitialToken = {
  /** Never used twice, so that the audit trail stays readable. */
  readonly name: string
  /** What its clients may ask of resource servers, in place of the ceiling for all. */
  readonly scopes?: readonly string[]
  readonly maxUses: number
  readonly uses: number
  /** As the audit trail names it. */
  readonly createdBy: string
  /** Epoch seconds, as all that follow. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt?: number
}

export type NewInitialToken = Pick<InitialToken, 'name' | 'scopes' | 'maxUses' | 'createdBy' | 'expiresAt'>
export type InitialTokens = ReturnType<typeof createInitialTokens>

type Row = {
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[] | null
  readonly max_uses: number
  readonly uses: number
  readonly created_by: string
  readonly created_at: Date
  readonly expires_at: Date
  readonly revoked_at: Date | null
}

/** By it secret scanners and people know what they found. */
export const INITIAL_TOKEN_PREFIX = 'vrt_'

const USABLE = 'revoked_at is null and expires_at > now() and uses < max_uses'

/** Tokens with which software may register itself (RFC 7591 §3): 256 random bits, for a while and so many clients. */
export function createInitialTokens({ knex }: { readonly knex: Knex }) {
  const named = async (name: string): Promise<Row | undefined> =>
    isStorable(name) ? await knex<Row>('initial_access_tokens').where({ name }).first() : undefined

  return {
    /** The token is in this answer and never again; undefined when the name is taken. */
    async create(made: NewInitialToken): Promise<{ token: string; initialToken: InitialToken } | undefined> {
      const token = INITIAL_TOKEN_PREFIX + newSecretValue()
      const rows = (await knex('initial_access_tokens')
        .insert({
          id: randomUUID(),
          name: made.name,
          sha256: digestSecret(token),
          scopes: made.scopes === undefined ? null : JSON.stringify(made.scopes),
          max_uses: made.maxUses,
          created_by: made.createdBy,
          expires_at: new Date(made.expiresAt * 1000),
        })
        .onConflict('name')
        .ignore()
        .returning('*')) as Row[] // the columns of the table
      return rows[0] && { token, initialToken: toInitialToken(rows[0]) }
    },

    /** A token that may still be used. */
    async find(presented: string): Promise<{ readonly id: string; readonly scopes?: readonly string[] } | undefined> {
      const row: Row | undefined = await knex('initial_access_tokens')
        .where({ sha256: digestSecret(presented) })
        .whereRaw(USABLE)
        .first()
      return row && { id: row.id, ...(row.scopes && { scopes: row.scopes }) }
    },

    /** Counts one use; false when another caller had the last one. */
    async use(id: string, transaction: Knex.Transaction): Promise<boolean> {
      const used = await transaction('initial_access_tokens').where({ id }).whereRaw(USABLE).increment('uses', 1)
      return used === 1
    },

    findByName: async (name: string): Promise<InitialToken | undefined> => {
      const row = await named(name)
      return row && toInitialToken(row)
    },

    /** By name, those that are over included. */
    async list({ limit, cursor }: PageRequest): Promise<Page<InitialToken>> {
      const rows: Row[] = await knex('initial_access_tokens')
        .where('name', '>', keyOfCursor(cursor))
        .orderBy('name')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.name, toInitialToken)
    },

    /** Nothing registers with it from now on; clients that did so stay. */
    async revoke(name: string): Promise<void> {
      await knex('initial_access_tokens').where({ name }).whereNull('revoked_at').update({ revoked_at: new Date() })
    },
  }
}

function toInitialToken(row: Row): InitialToken {
  return {
    name: row.name,
    ...(row.scopes && { scopes: row.scopes }),
    maxUses: row.max_uses,
    uses: row.uses,
    createdBy: row.created_by,
    createdAt: seconds(row.created_at),
    expiresAt: seconds(row.expires_at),
    ...(row.revoked_at && { revokedAt: seconds(row.revoked_at) }),
  }
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
