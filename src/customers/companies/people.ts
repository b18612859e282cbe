import type { CompanyUser, Customer } from '../customer.ts'
import type { Invitations, Invited, Sent } from './invitations.ts'
import type { MemberChange, Members } from './members.ts'

/** Who looks after the people of a company, and by what they do it. */
export type Steward = {
  readonly customer: Customer
  /** Where they do it through a client, and not on our pages. */
  readonly clientId?: string
  readonly ip?: string
  readonly requestId?: string
}

/** A letter to somebody whose place at a company changed. */
export type MemberLetter = {
  readonly kind: 'company-role-changed' | 'company-removed' | 'company-back'
  readonly path: string
  readonly values: Readonly<Record<string, string>>
}

export type PeopleDeps = {
  readonly members: Pick<Members, 'find' | 'setRoles' | 'deactivate' | 'reactivate'>
  /** Undefined where no mail can be sent. */
  readonly invitations: Pick<Invitations, 'invite' | 'sendAgain' | 'takeBack'> | undefined
  readonly note: (event: MembershipEvent) => void
  readonly tellMember: (customerId: string, letter: MemberLetter) => void
}

/** What goes on record of each change. */
export type MembershipEvent = {
  readonly type: 'company.membership'
  readonly customerId: string
  readonly reason: string
} & Omit<Steward, 'customer'>

export type People = ReturnType<typeof createPeople>

/**
 * What those who look after a company do about its people, on pages and by the API: each change goes on record, and its
 * member is told.
 */
export function createPeople({ members, invitations, note, tellMember }: PeopleDeps) {
  function told(steward: Steward, change: MemberChange, { what, kind, role = '' }: Told): MemberChange {
    if (change.outcome !== 'changed') return change
    const { customer, ...from } = steward
    const { member, company } = change
    const reason = `${what} at ${company.id}, by customer ${customer.id}`
    note({ type: 'company.membership', customerId: member.customerId, reason, ...from })
    tellMember(member.customerId, { kind, path: '/account/companies', values: { company: company.name, role } })
    return change
  }

  function noted<Outcome>({ customer, ...from }: Steward, outcome: Outcome, reason: string): Outcome {
    note({ type: 'company.membership', customerId: customer.id, reason, ...from })
    return outcome
  }

  return {
    async setRoles(steward: Steward, memberId: string, roles: readonly NamedRole[]): Promise<MemberChange> {
      const ids = roles.map(({ id }) => id)
      const change = await members.setRoles(steward.customer, memberId, ids)
      const names = roles.map(({ name }) => name).join(', ')
      return told(steward, change, { what: `role ${ids.join(' ')}`, kind: 'company-role-changed', role: names })
    },

    async deactivate(steward: Steward, memberId: string): Promise<MemberChange> {
      const change = await members.deactivate(steward.customer, memberId)
      return told(steward, change, { what: 'removed', kind: 'company-removed' })
    },

    async reactivate(steward: Steward, memberId: string): Promise<MemberChange> {
      const change = await members.reactivate(steward.customer, memberId)
      return told(steward, change, { what: 'reactivated', kind: 'company-back' })
    },

    async invite(
      steward: Steward,
      own: CompanyUser,
      { email, roleId }: { readonly email: string; readonly roleId: string },
    ): Promise<Invited> {
      if (!invitations) return { outcome: 'unknown' }
      const invited = await invitations.invite(steward.customer, { companyUserId: own.id, email, roleId })
      return invited.outcome === 'invited' ? noted(steward, invited, `invited to ${own.company.id}`) : invited
    },

    async sendAgain(steward: Steward, id: string): Promise<Sent> {
      const sent = (await invitations?.sendAgain(steward.customer, id)) ?? UNKNOWN
      return sent.outcome === 'sent' ? noted(steward, sent, `sent an invitation again: ${sent.company.id}`) : sent
    },

    /** The company of the invitation; undefined where it is not one of theirs that waits. */
    async takeBack(steward: Steward, id: string): Promise<CompanyName | undefined> {
      const company = await invitations?.takeBack(steward.customer, id)
      return company && noted(steward, company, `took an invitation back: ${company.id}`)
    },
  }
}

/** How a change is put on record and told. */
type Told = { readonly what: string; readonly kind: MemberLetter['kind']; readonly role?: string }
type NamedRole = { readonly id: string; readonly name: string }
type CompanyName = { readonly id: string; readonly name: string }

const UNKNOWN = { outcome: 'unknown' } as const
