import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { normalizeEmail } from '../credentials/email.ts'
import { findByEmail, isTakenInOtherForm } from '../credentials/email-rows.ts'
import { type PasswordColumns, passwordColumns, passwordOf } from '../credentials/password-columns.ts'
import type { StoredPassword } from '../credentials/stored-password.ts'
import type { FoundPerson } from '../credentials/verify-person.ts'
import { isRaising } from '../database/given-numbers.ts'
import { keyOfCursor, type Page, type PageRequest, toPage } from '../database/page.ts'
import { type Changed, isRevision } from '../database/revision.ts'
import { isUuid } from '../database/uuid.ts'
import type { Agent } from './agent.ts'

export type NewAgent = {
  readonly email: string
  readonly name?: string
  readonly idAgent?: number
  readonly idWarehouse?: number | undefined
  readonly password: StoredPassword
}

/** `idWarehouse: null` takes the assignment away. */
export type AgentChange = { readonly [Field in 'name' | 'status' | 'isAgent']?: Agent[Field] | undefined } & {
  readonly idWarehouse?: number | null | undefined
}

export type AgentDirectory = {
  findById(id: string): Promise<Agent | undefined>
  /** Finds by e-mail, without regard to case. */
  findByLogin(login: string): Promise<FoundPerson<Agent> | undefined>
  /** By e-mail. */
  list(request: PageRequest): Promise<Page<Agent>>
  create(agent: NewAgent): Promise<CreatedAgent>
  /** The agent as it is now; undefined when there is none. */
  update(id: string, change: AgentChange): Promise<Agent | undefined>
  /** The same, of an agent as it was seen. */
  change(id: string, seen: string, change: AgentChange): Promise<Changed<Agent>>
  setPassword(id: string, password: StoredPassword): Promise<void>
  /** The same password under another scheme. Does nothing when `current` is no longer what is stored. */
  replaceHash(id: string, current: StoredPassword, next: StoredPassword): Promise<void>
}

export type CreatedAgent =
  | { readonly outcome: 'created'; readonly agent: Agent }
  | { readonly outcome: 'email-taken' | 'id-taken' }

type Row = PasswordColumns & {
  readonly id: string
  readonly id_agent: number
  readonly email: string
  readonly name: string | null
  readonly status: Agent['status']
  readonly is_agent: boolean
  readonly id_warehouse: number | null
}

const UNIQUE_VIOLATION = '23505'

/** Agents in our own table. */
export function createAgentDirectory({ knex }: { readonly knex: Knex }): AgentDirectory {
  const agents = () => knex<Row>('agents')
  // The columns of the table.
  const first = async (where: Partial<Row>) => (await agents().where(where).first()) as Row | undefined

  return {
    async findById(id) {
      const row = isUuid(id) ? await first({ id }) : undefined
      return row && toAgent(row)
    },
    async findByLogin(login) {
      const row = await findByEmail<Row>(knex, 'agents', login)
      return row && { person: toAgent(row), ...passwordOf(row) }
    },
    async list({ limit, cursor }) {
      const rows: (Row & { email_normalized: string })[] = await knex('agents')
        .where('email_normalized', '>', keyOfCursor(cursor))
        .orderBy('email_normalized')
        .limit(limit + 1)
      return toPage(rows, limit, (row) => row.email_normalized, toAgent)
    },
    create: (agent) => create(knex, agent),
    update: (id, change) => update(knex, id, change),
    change: (id, seen, change) =>
      knex.transaction(async (transaction) => {
        const row = isUuid(id) ? await transaction<Row>('agents').where({ id }).forUpdate().first() : undefined
        // The columns of the table.
        const before = row && toAgent(row as Row)
        if (before && !isRevision(seen, before)) return { outcome: 'changed-meanwhile' }
        const now = before && (await update(transaction, id, change))
        return now ? { outcome: 'changed', now, before } : { outcome: 'unknown' }
      }),
    async setPassword(id, password) {
      await knex('agents')
        .where({ id })
        .update({ ...passwordColumns(password), password_changed_at: knex.fn.now(), updated_at: knex.fn.now() })
    },
    async replaceHash(id, current, next) {
      await knex('agents')
        .where({ id, password_hash: current.hash, password_scheme: current.scheme })
        .update({ ...passwordColumns(next), updated_at: knex.fn.now() })
    },
  }
}

async function update(knex: Knex, id: string, change: AgentChange): Promise<Agent | undefined> {
  const { name, status, isAgent, idWarehouse } = change
  if (!isUuid(id)) return undefined
  const rows = (await knex('agents')
    .where({ id })
    .update({ name, status, is_agent: isAgent, id_warehouse: idWarehouse, updated_at: knex.fn.now() })
    .returning('*')) as Row[] // the columns of the table
  return rows[0] && toAgent(rows[0])
}

async function create(knex: Knex, { email, name, idAgent, idWarehouse, password }: NewAgent): Promise<CreatedAgent> {
  try {
    return await knex.transaction(async (transaction) => {
      if (await isTakenInOtherForm(transaction, 'agents', email)) return { outcome: 'email-taken' }
      if (idAgent !== undefined && isRaising(idAgent)) await transaction.raw(RAISE_SEQUENCE, [idAgent])
      const rows = (await transaction('agents')
        .insert({
          id: randomUUID(),
          ...(idAgent !== undefined && { id_agent: idAgent }),
          email: email.trim(),
          email_normalized: normalizeEmail(email),
          name,
          id_warehouse: idWarehouse,
          ...passwordColumns(password),
          password_changed_at: transaction.fn.now(),
        })
        .returning('*')) as Row[] // the columns of the table
      return { outcome: 'created', agent: toAgent(rows[0] as Row) } // one row was written
    })
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string } // what `pg` throws
    if (code !== UNIQUE_VIOLATION) throw error
    return { outcome: constraint === 'agents_id_agent_key' ? 'id-taken' : 'email-taken' }
  }
}

/** A number the shop gave must not be given out again by us. */
const RAISE_SEQUENCE = `
  select setval('agents_id_agent_seq', greatest((select last_value from agents_id_agent_seq), ?::bigint))`

function toAgent(row: Row): Agent {
  return {
    id: row.id,
    idAgent: row.id_agent,
    email: row.email,
    ...(row.name !== null && { name: row.name }),
    ...(row.id_warehouse !== null && { idWarehouse: row.id_warehouse }),
    status: row.status,
    isAgent: row.is_agent,
  }
}
