import { randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { createAgentDirectory } from '../../src/agents/directory.ts'
import { createClientRegistry } from '../../src/clients/registry.ts'
import { undoEmailChange } from '../../src/customers/email-change-rows.ts'
import { type ImportRecordInput, importRecord } from '../../src/customers/import/import-record.ts'
import { upsertCustomers, type WriteOptions } from '../../src/customers/import/write-customers.ts'
import { createCompanyRecords } from '../../src/customers/records/company-records.ts'
import { createCustomerRecords } from '../../src/customers/records/customer-records.ts'
import { eraseCustomer } from '../../src/customers/records/erase.ts'
import { createSqlDirectory } from '../../src/customers/sources/sql-directory.ts'
import type { EndingCause, SignInEnded } from '../../src/sign-in-endings/sign-in-ended.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { endAccess, insertAccess } from '../../src/support-access/access-rows.ts'

/** A change after which sign-ins must end, made as the server makes it, up to its commit and no further. */
export type Change = {
  readonly name: string
  readonly ends: { readonly what: SignInEnded['what']; readonly why: EndingCause }
  /** @returns what makes the change. */
  readonly prepare: (knex: Knex) => Promise<Prepared>
}

export type Prepared = {
  /** Whose sign-ins must end: the account, company user, client or grant. */
  readonly subject: string
  readonly make: (knex: Knex) => Promise<unknown>
}

const tellChanged = async () => {}
const nothingMore = async () => {}
const password = (hash: string) => ({ scheme: 'bcrypt', hash })
const HASHES = ['$2b$04$abcdefghijklmnopqrstuuMd8Rl5qNvMMBeYRyTnVA9ZvNVAmPmXm', '$2b$04$another'] as const

async function write(knex: Knex, record: ImportRecordInput, options?: WriteOptions): Promise<string> {
  const [written] = await upsertCustomers(knex, [importRecord.parse(record)], options)
  if (!written || written.outcome === 'refused') throw new Error(written?.reason ?? 'nothing was written')
  return written.id
}

function personOf(): ImportRecordInput {
  const customerReference = randomUUID()
  return { customerReference, email: `${customerReference}@example.com`, password: password(HASHES[0]) }
}

/** A change of a customer. */
const customer =
  (make: (knex: Knex, id: string, record: ImportRecordInput) => Promise<unknown>): Change['prepare'] =>
  async (knex) => {
    const record = personOf()
    const subject = await write(knex, record)
    return { subject, make: (on) => make(on, subject, record) }
  }

type Employed = { readonly customerId: string; readonly companyUserId: string; readonly companyId: string }

/** A change of somebody who acts for a company. */
const companyUser =
  (make: (knex: Knex, employed: Employed, record: ImportRecordInput) => Promise<unknown>): Change['prepare'] =>
  async (knex) => {
    const [companyUserId, companyId] = [randomUUID(), randomUUID()]
    const employment = { id: companyUserId, company: { id: companyId, name: 'Works' } }
    const record = { ...personOf(), companyUsers: [employment] }
    const customerId = await write(knex, record)
    return { subject: companyUserId, make: (on) => make(on, { customerId, companyUserId, companyId }, record) }
  }

const agent =
  (make: (knex: Knex, id: string) => Promise<unknown>): Change['prepare'] =>
  async (knex) => {
    const created = await createAgentDirectory({ knex }).create({
      email: `${randomUUID()}@example.com`,
      password: password(HASHES[0]),
      idWarehouse: 3,
    })
    if (created.outcome !== 'created') throw new Error(created.outcome)
    const { id } = created.agent
    return { subject: `agent:${id}`, make: (on) => make(on, id) }
  }

const client =
  (make: (clients: ReturnType<typeof createClientRegistry>, id: string) => Promise<unknown>): Change['prepare'] =>
  async (knex) => {
    const on = (connection: Knex) => createClientRegistry({ knex: connection, storage: createMemoryStorage() })
    const subject = `client-${randomUUID()}`
    await on(knex).create({ client_id: subject } as never) // nobody reads the rest of it here
    return { subject, make: (connection) => make(on(connection), subject) }
  }

async function supportAccess(knex: Knex): Promise<Prepared> {
  const subject = randomUUID()
  const now = Math.floor(Date.now() / 1000)
  const who = { agentId: randomUUID(), agentEmail: 'ada@example.com', customerId: randomUUID(), clientId: 'desk' }
  const request = { ...who, resource: 'urn:vestibule:shop', scopes: ['orders:read'] }
  const begin = { grantId: subject, endsAt: now + 3600 }
  const { id } = await insertAccess(knex, request, { now, keptUntil: now + 86_400 }, begin)
  return { subject, make: (on) => endAccess(on, id, { by: 'olga', cause: 'operator', now }) }
}

async function undoing(knex: Knex): Promise<Prepared> {
  const record = personOf()
  const subject = await write(knex, record)
  const moved = importRecord.parse({ ...record, email: `moved-${record.email}` })
  const [written] = await upsertCustomers(knex, [moved])
  const token = written?.outcome === 'updated' ? written.moved?.token : undefined
  return { subject, make: (on) => undoEmailChange(on, String(token)) }
}

const BLOCKED = { what: 'customer', why: 'blocked' } as const
const ERASED = { what: 'customer', why: 'erased' } as const
const IMPORTED = { what: 'customer', why: 'imported' } as const
const EMAIL_CHANGED = { what: 'customer', why: 'email-changed' } as const
const INACTIVE = { what: 'company-user', why: 'company-user-inactive' } as const
const IMPORT = { origin: 'import' } as const
const customers = (knex: Knex) => createCustomerRecords({ knex, tellChanged })

export const CHANGES: readonly Change[] = [
  {
    name: 'a customer is blocked',
    ends: BLOCKED,
    prepare: customer((knex, id) => customers(knex).setStatus(id, 'blocked')),
  },
  {
    name: 'a customer is erased',
    ends: ERASED,
    prepare: customer((knex, _id, { customerReference }) =>
      eraseCustomer({ knex, revoke: nothingMore }, customerReference),
    ),
  },
  {
    name: 'a customer is deleted by hand',
    ends: ERASED,
    prepare: customer((knex, id) => knex('customers').where({ id }).delete()),
  },
  {
    name: 'a password is set',
    ends: { what: 'customer', why: 'password-changed' },
    prepare: customer((knex, id) =>
      createSqlDirectory({ knex }).setPassword(id, password(HASHES[1]), { endsSignIns: true }),
    ),
  },
  {
    name: 'an e-mail address is changed',
    ends: EMAIL_CHANGED,
    prepare: customer((knex, id) => customers(knex).change(id, '*', { email: `${id}@elsewhere.example` })),
  },
  { name: 'a change of the e-mail address is undone', ends: EMAIL_CHANGED, prepare: undoing },
  {
    name: 'an import brings another password',
    ends: IMPORTED,
    prepare: customer((knex, _id, record) => write(knex, { ...record, password: password(HASHES[1]) }, IMPORT)),
  },
  {
    name: 'an import blocks a customer, with another password',
    ends: BLOCKED,
    prepare: customer((knex, _id, record) =>
      write(knex, { ...record, status: 'blocked', password: password(HASHES[1]) }, IMPORT),
    ),
  },
  {
    name: 'an import deactivates a company user',
    ends: INACTIVE,
    prepare: companyUser((knex, { companyUserId: id, companyId }, record) => {
      const employment = { id, company: { id: companyId, name: 'Works' }, isActive: false }
      return write(knex, { ...record, companyUsers: [employment] }, IMPORT)
    }),
  },
  {
    name: 'an import blocks a company',
    ends: INACTIVE,
    prepare: companyUser((knex, { companyUserId: id, companyId }, record) => {
      const employment = { id, company: { id: companyId, name: 'Works', status: 'blocked' as const } }
      return write(knex, { ...record, companyUsers: [employment] }, IMPORT)
    }),
  },
  {
    name: 'a company user is deactivated',
    ends: INACTIVE,
    prepare: companyUser((knex, { companyUserId: id }) =>
      knex('company_users').where({ id }).update({ is_active: false }),
    ),
  },
  {
    name: 'a company user is removed',
    ends: INACTIVE,
    prepare: companyUser((knex, { customerId }) => customers(knex).replaceCompanyUsers(customerId, '*', [])),
  },
  {
    name: 'a company is blocked',
    ends: INACTIVE,
    prepare: companyUser((knex, { companyId }) =>
      createCompanyRecords({ knex, tellChanged }).change(companyId, '*', { status: 'blocked' }),
    ),
  },
  {
    name: 'an agent is dismissed',
    ends: { what: 'agent', why: 'agent-dismissed' },
    prepare: agent((knex, id) => createAgentDirectory({ knex }).change(id, '*', { isAgent: false })),
  },
  {
    name: 'an agent is blocked',
    ends: { what: 'agent', why: 'blocked' },
    prepare: agent((knex, id) => createAgentDirectory({ knex }).update(id, { status: 'blocked' })),
  },
  {
    name: 'an agent gets another warehouse',
    ends: { what: 'agent', why: 'warehouse-changed' },
    prepare: agent((knex, id) => createAgentDirectory({ knex }).update(id, { idWarehouse: 4 })),
  },
  {
    name: 'a client is disabled',
    ends: { what: 'client', why: 'client-disabled' },
    prepare: client((clients, id) => clients.setEnabled(id, false)),
  },
  {
    name: 'a client is removed',
    ends: { what: 'client', why: 'client-removed' },
    prepare: client((clients, id) => clients.remove(id, '*')),
  },
  {
    name: 'a support access is ended',
    ends: { what: 'grant', why: 'support-access-ended' },
    prepare: supportAccess,
  },
]
