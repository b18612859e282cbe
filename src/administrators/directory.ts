import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { normalizeEmail } from '../credentials/email.ts'
import { findByEmail, isTakenInOtherForm } from '../credentials/email-rows.ts'
import { type PasswordColumns, passwordColumns, passwordOf } from '../credentials/password-columns.ts'
import type { StoredPassword } from '../credentials/stored-password.ts'
import type { FoundPerson } from '../credentials/verify-person.ts'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { type Changed, isRevision } from '../database/revision.ts'
import { isUuid } from '../database/uuid.ts'
import { codeOf } from '../thrown.ts'
import type { Administrator } from './administrator.ts'
import type { Role } from './role.ts'

export type NewAdministrator = {
  readonly email: string
  readonly name?: string
  readonly role: Role
  readonly password: StoredPassword
}

export type AdministratorChange = {
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly status?: Administrator['status'] | undefined
}

export type AdministratorDirectory = ReturnType<typeof createAdministratorDirectory>

type Row = PasswordColumns & {
  readonly id: string
  readonly email: string
  readonly name: string | null
  readonly role: Role
  readonly status: Administrator['status']
  readonly password_changed_at: Date
  readonly created_at: Date
}

const UNIQUE_VIOLATION = '23505'

/** Administrators in a table of their own: their passwords open nothing on the public listener. */
export function createAdministratorDirectory({ knex }: { readonly knex: Knex }) {
  const find = async (connection: Knex, id: string): Promise<Row | undefined> =>
    isUuid(id) ? connection<Row>('administrators').where({ id }).forUpdate().first() : undefined

  return {
    async findById(id: string): Promise<Administrator | undefined> {
      const row = isUuid(id) ? await knex<Row>('administrators').where({ id }).first() : undefined
      return row && toAdministrator(row)
    },

    /** Finds by e-mail, without regard to case. */
    async findByLogin(login: string): Promise<FoundPerson<Administrator> | undefined> {
      const row = await findByEmail<Row>(knex, 'administrators', login)
      return row && { person: toAdministrator(row), ...passwordOf(row) }
    },

    /** By e-mail. */
    async list({ limit, cursor }: PageRequest): Promise<Page<Administrator>> {
      const rows: (Row & { email_normalized: string })[] = await knex('administrators')
        .where('email_normalized', '>', keyOfCursor(cursor))
        .orderBy('email_normalized')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.email_normalized, toAdministrator)
    },

    /** Undefined when the address is taken. */
    async create({ email, name, role, password }: NewAdministrator): Promise<Administrator | undefined> {
      if (await isTakenInOtherForm(knex, 'administrators', email)) return undefined
      const row = {
        id: randomUUID(),
        email: email.trim(),
        email_normalized: normalizeEmail(email),
        name: name ?? null,
        role,
        ...passwordColumns(password),
      }
      try {
        const [created] = (await knex('administrators').insert(row).returning('*')) as Row[] // the columns of the table
        return toAdministrator(created as Row) // one row was written
      } catch (error) {
        if (codeOf(error) !== UNIQUE_VIOLATION) throw error
        return undefined
      }
    },

    /** `isAllowed` sees who it is about to change, under a lock: a role cannot rise between the look and the change. */
    update: (
      id: string,
      seen: string,
      change: AdministratorChange,
      isAllowed: (before: Administrator) => boolean,
    ): Promise<Changed<Administrator> | { readonly outcome: 'not-allowed' }> =>
      knex.transaction(async (transaction) => {
        const row = await find(transaction, id)
        if (!row) return { outcome: 'unknown' }
        const before = toAdministrator(row)
        if (!isAllowed(before)) return { outcome: 'not-allowed' }
        if (!isRevision(seen, before)) return { outcome: 'changed-meanwhile' }
        const [after] = (await transaction('administrators')
          .where({ id })
          .update({ ...change, updated_at: transaction.fn.now() })
          .returning('*')) as Row[] // the columns of the table
        return { outcome: 'changed', now: toAdministrator(after as Row), before } // found just now, under a lock
      }),

    /** Ends the administrator's sessions with it: they are older than the password. */
    async setPassword(id: string, password: StoredPassword): Promise<void> {
      await knex('administrators')
        .where({ id })
        .update({ ...passwordColumns(password), password_changed_at: knex.fn.now(), updated_at: knex.fn.now() })
    },

    /** The same password under another scheme. Does nothing when `current` is no longer what is stored. */
    async replaceHash(id: string, current: StoredPassword, next: StoredPassword): Promise<void> {
      await knex('administrators')
        .where({ id, password_hash: current.hash, password_scheme: current.scheme })
        .update({ ...passwordColumns(next), updated_at: knex.fn.now() })
    },
  }
}

function toAdministrator(row: Row): Administrator {
  return {
    id: row.id,
    email: row.email,
    ...(row.name !== null && { name: row.name }),
    role: row.role,
    status: row.status,
    createdAt: row.created_at.getTime() / 1000,
    passwordChangedAt: row.password_changed_at.getTime() / 1000,
  }
}
