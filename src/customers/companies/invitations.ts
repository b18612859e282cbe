import { randomBytes, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { isEmailAddress, normalizeEmail, storedForms } from '../../credentials/email.ts'
import { isUuid } from '../../database/uuid.ts'
import type { Storage } from '../../storage/storage.ts'
import type { CompanyUser, Customer } from '../customer.ts'
import type { TellChanged } from '../recent-customers.ts'
import { holdCompany } from './administers.ts'
import type { GivableRoles } from './givable-roles.ts'
import {
  digestOf,
  type Invitation,
  type InvitationRow,
  joinCompany,
  seconds,
  toInvitation,
  waitingInvitations,
} from './invitation-rows.ts'
import { givableIds } from './member-rows.ts'
import type { Memberships } from './memberships.ts'

export type Invited =
  | { readonly outcome: 'invited' }
  | { readonly outcome: 'refused'; readonly reason: 'email' | 'role' | 'too-many' | 'too-many-waiting' }
  /** The customer may not invite to the company, or is not of it. */
  | { readonly outcome: 'unknown' }

export type Sent =
  | { readonly outcome: 'sent'; readonly company: Invitation['company'] }
  | { readonly outcome: 'refused'; readonly reason: 'too-many' }
  | { readonly outcome: 'unknown' }

/** How an invitation is found: by the link of the letter, or among those that wait for an address. */
export type InvitationName = { readonly token: string } | { readonly id: string }

export type InvitationsDeps = {
  readonly knex: Knex
  readonly storage: Pick<Storage, 'increment'>
  readonly tellChanged: TellChanged
  readonly rolesFor: GivableRoles
  /** The key of the permission to look after the people of a company. */
  readonly permission: string
  readonly looksAfter: Memberships['looksAfter']
  /** Writes to the address that was invited; later, so that the answer says nothing of it. */
  readonly writeTo: (invitation: Invitation, token: string) => void
}

export type Invitations = ReturnType<typeof createInvitations>

/** A week. */
const TTL_SECONDS = 604_800
const DAY_SECONDS = 86_400
/** Of one company a day. */
const PER_COMPANY = 50
/** To one address a day, of all companies: what is over that is not sent, without a word. */
const PER_ADDRESS = 5

/** Of one company at a time. */
const MOST_WAITING = 100

/** Invitations to a company by those of its people who may: bound to an address and to the link that is sent there. */
export function createInvitations(deps: InvitationsDeps) {
  const { knex, storage, tellChanged, rolesFor, permission, looksAfter, writeTo } = deps

  const select = (connection: Knex) => waitingInvitations(connection, permission)

  async function find(connection: Knex, name: InvitationName): Promise<InvitationRow | undefined> {
    if ('id' in name) return isUuid(name.id) ? (await select(connection).where('i.id', name.id))[0] : undefined
    return (await select(connection).where('i.token_sha256', digestOf(name.token)))[0]
  }

  async function waiting(companyId: string): Promise<number> {
    return (await select(knex).where('i.company_id', companyId)).length
  }

  /** Counts a letter; one over the limit of its address is not sent, without a word. */
  async function count(companyId: string, address: string): Promise<'counted' | 'too-many' | 'unsaid'> {
    if ((await storage.increment(`invitations:company:${companyId}`, DAY_SECONDS)) > PER_COMPANY) return 'too-many'
    return (await storage.increment(`invitations:to:${address}`, DAY_SECONDS)) > PER_ADDRESS ? 'unsaid' : 'counted'
  }

  /** An invitation that waits, of a company that the customer looks after. */
  async function findSent(customer: Customer, id: string): Promise<InvitationRow | undefined> {
    const row = await find(knex, { id })
    return customer.companyUsers.some((each) => each.company.id === row?.companyId && looksAfter(each))
      ? row
      : undefined
  }

  /** Answers it once. */
  async function take(transaction: Knex, id: string): Promise<boolean> {
    const taken = await transaction('company_invitations')
      .where({ id })
      .whereNull('answered_at')
      .update({ answered_at: seconds() })
    return taken === 1
  }

  return {
    rolesFor,

    /** The answer is the same whether or not the address has an account, or is of the company already. */
    async invite(
      customer: Customer,
      { companyUserId, email: given, roleId }: { companyUserId: string; email: string; roleId: string },
    ): Promise<Invited> {
      const companyUser = customer.companyUsers.find(({ id }) => id === companyUserId)
      if (!companyUser || !looksAfter(companyUser)) return { outcome: 'unknown' }
      const email = given.trim()
      if (!isEmailAddress(email)) return { outcome: 'refused', reason: 'email' }
      const role = (await rolesFor(companyUser)).find(({ id }) => id === roleId)
      if (!role) return { outcome: 'refused', reason: 'role' }
      const { company } = companyUser
      if ((await waiting(company.id)) >= MOST_WAITING) return { outcome: 'refused', reason: 'too-many-waiting' }
      const counted = await count(company.id, normalizeEmail(email))
      if (counted === 'too-many') return { outcome: 'refused', reason: counted }
      if (counted === 'unsaid') return { outcome: 'invited' }
      const token = randomBytes(32).toString('base64url')
      const expiresAt = seconds() + TTL_SECONDS
      const id = randomUUID()
      await knex('company_invitations').insert({
        id,
        company_id: company.id,
        company_role_id: role.id,
        email,
        email_normalized: normalizeEmail(email),
        token_sha256: digestOf(token),
        invited_by: companyUser.id,
        made_at: seconds(),
        expires_at: expiresAt,
      })
      writeTo({ id, company, email, roleName: role.name, expiresAt }, token)
      return { outcome: 'invited' }
    },

    /** Those that wait for this customer: only an address that is confirmed shows what was sent to it. */
    async waitingFor({ email, emailVerified }: Customer): Promise<Invitation[]> {
      if (!emailVerified) return []
      return (await select(knex).whereIn('i.email_normalized', storedForms(email)).orderBy('i.made_at')).map(
        toInvitation,
      )
    },

    /** Those of a company that wait for an answer, for those who look after it. */
    async sentBy(companyUser: CompanyUser): Promise<Invitation[]> {
      if (!looksAfter(companyUser)) return []
      const rows = await select(knex)
        .where('i.company_id', companyUser.company.id)
        .orderBy('i.made_at', 'desc')
        .limit(50)
      return rows.map(toInvitation)
    },

    /** By the link of the letter: who has that may see what it is about, and needs the address to accept. */
    async findByToken(token: string, customer: Customer) {
      const row = await find(knex, { token })
      return row && { ...toInvitation(row), isForThem: isFor(row, customer) }
    },

    /** Makes the customer a company user, once. The company when it is done. */
    async accept(customer: Customer, name: InvitationName): Promise<Invitation['company'] | undefined> {
      const company = await knex.transaction(async (transaction) => {
        const row = await find(transaction, name)
        if (!row || !isFor(row, customer)) return undefined
        // Two invitations that are accepted at once make one company user, and who was removed meanwhile invites nobody.
        const inviter = { id: row.invitedBy, company: { id: row.companyId } }
        if (!(await holdCompany(transaction, inviter, permission))) return undefined
        const givable = row.roleId === null ? undefined : await givableIds(transaction, inviter)
        // Nor does who may less by now give more.
        if (row.roleId !== null && !givable?.has(row.roleId)) return undefined
        if (!(await take(transaction, row.id))) return undefined
        await joinCompany(transaction, customer, row)
        return toInvitation(row).company
      })
      if (company) await tellChanged(customer.id)
      return company
    },

    async decline(customer: Customer, name: InvitationName): Promise<Invitation['company'] | undefined> {
      const row = await find(knex, name)
      return row && isFor(row, customer) && (await take(knex, row.id)) ? toInvitation(row).company : undefined
    },

    /** Takes an invitation back that waits; false when it is not of a company that the customer looks after. */
    async takeBack(customer: Customer, id: string): Promise<Invitation['company'] | undefined> {
      const row = await findSent(customer, id)
      return row && (await take(knex, row.id)) ? toInvitation(row).company : undefined
    },

    /** Writes once more, with a link of its own: the one of before no longer works. */
    async sendAgain(customer: Customer, id: string): Promise<Sent> {
      const row = await findSent(customer, id)
      if (!row) return { outcome: 'unknown' }
      const counted = await count(row.companyId, row.normalized)
      if (counted === 'too-many') return { outcome: 'refused', reason: counted }
      const { company } = toInvitation(row)
      if (counted === 'unsaid') return { outcome: 'sent', company }
      const token = randomBytes(32).toString('base64url')
      const expiresAt = seconds() + TTL_SECONDS
      const replaced = await knex('company_invitations')
        .where({ id: row.id })
        .whereNull('answered_at')
        .update({ token_sha256: digestOf(token), expires_at: expiresAt })
      if (replaced === 0) return { outcome: 'unknown' }
      writeTo({ ...toInvitation(row), expiresAt }, token)
      return { outcome: 'sent', company }
    },
  }
}

function isFor({ normalized }: InvitationRow, { email, emailVerified }: Customer): boolean {
  return emailVerified && storedForms(email).includes(normalized)
}
