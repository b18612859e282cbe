import type { Audit } from '../../audit/events.ts'
import type { InvitationName, Invitations } from '../../customers/companies/invitations.ts'
import type { Memberships } from '../../customers/companies/memberships.ts'
import type { People } from '../../customers/companies/people.ts'
import { tokenOf } from '../recovery/token-address.ts'
import type { AccountSection, ActResult } from './section.ts'

const INVITE = 'companies/invite'
const ANSWER = 'companies/answer'
const LETTER = 'companies/invitation'
const TAKE_BACK = 'companies/take-back'
const AGAIN = 'companies/send-again'

export type InvitationsSectionDeps = {
  readonly invitations: Invitations
  readonly people: Pick<People, 'invite' | 'sendAgain' | 'takeBack'>
  readonly looksAfter: Memberships['looksAfter']
  readonly note: Audit
}

const TOO_MANY = { outcome: 'refused', problem: 'too-many', status: 429, waitSeconds: 3600 } as const

/** Invitations to companies: those that wait for the customer, and those that they may send. */
export function createInvitationsSection({
  invitations,
  people,
  looksAfter,
  note,
}: InvitationsSectionDeps): AccountSection {
  async function answer(
    customer: Parameters<Invitations['accept']>[0],
    name: InvitationName,
    decision: string | undefined,
  ): Promise<ActResult> {
    if (decision !== 'accept' && decision !== 'decline') return { outcome: 'unknown' }
    const company = await invitations[decision](customer, name)
    if (!company) return { outcome: 'unknown' }
    note({ type: 'company.membership', customerId: customer.id, reason: `${decision}: ${company.id}` })
    return { outcome: 'done', notice: decision === 'accept' ? 'invitation-accepted' : 'invitation-declined' }
  }

  return {
    page: 'companies',
    async show({ customer, form, addressOf }) {
      const administered = customer.companyUsers.filter(looksAfter)
      const [waiting, ...sent] = await Promise.all([
        invitations.waitingFor(customer),
        ...administered.map((each) => invitations.sentBy(each)),
      ])
      if (waiting.length === 0 && administered.length === 0) return undefined
      return {
        template: 'invitations',
        waiting,
        answer: form(ANSWER),
        takeBack: form(TAKE_BACK),
        sendAgain: form(AGAIN),
        companies: administered.map(({ id, company }, index) => ({
          name: company.name,
          invite: addressOf(`${INVITE}?id=${id}`),
          sent: sent[index] ?? [],
        })),
      }
    },
    acts: [
      {
        path: INVITE,
        keeps: ['id', 'email', 'role'],
        async open({ ctx, customer, form }, { values }) {
          const id = values.id ?? (typeof ctx.query.id === 'string' ? ctx.query.id : '')
          const companyUser = customer.companyUsers.find((each) => each.id === id)
          if (!companyUser || !looksAfter(companyUser)) return undefined
          const roles = (await invitations.rolesFor(companyUser)).map((role) => ({ id: role.id, name: role.name }))
          return { template: 'invite-form', ...form(INVITE), id, company: companyUser.company.name, roles, values }
        },
        async submit({ customer }, { id = '', email = '', role = '' }) {
          const own = customer.companyUsers.find((each) => each.id === id)
          const invited = own && (await people.invite({ customer }, own, { email, roleId: role }))
          if (!invited || invited.outcome === 'unknown') return { outcome: 'unknown' }
          if (invited.outcome === 'refused') {
            const { reason } = invited
            if (reason === 'too-many') return TOO_MANY
            if (reason === 'too-many-waiting') return { outcome: 'refused', problem: reason, status: 409 }
            return { outcome: 'refused', problem: reason, fields: [reason] }
          }
          return { outcome: 'done', notice: 'invited' }
        },
      },
      { path: ANSWER, submit: ({ customer }, { id = '', decision }) => answer(customer, { id }, decision) },
      {
        path: LETTER,
        keeps: ['token'],
        async open({ ctx, customer, form }, { values }) {
          const token = values.token ?? tokenOf(ctx)
          const invitation = await invitations.findByToken(token, customer)
          return invitation && { template: 'invitation', ...form(LETTER), token, invitation, login: customer.email }
        },
        submit: ({ customer }, { token = '', decision }) => answer(customer, { token }, decision),
      },
      {
        path: AGAIN,
        async submit({ customer }, { id = '' }) {
          const sent = await people.sendAgain({ customer }, id)
          if (sent.outcome === 'unknown') return sent
          if (sent.outcome === 'refused') return TOO_MANY
          return { outcome: 'done', notice: 'invited' }
        },
      },
      {
        path: TAKE_BACK,
        async submit({ customer }, { id = '' }) {
          const company = await people.takeBack({ customer }, id)
          if (!company) return { outcome: 'unknown' }
          return { outcome: 'done', notice: 'invitation-taken-back' }
        },
      },
    ],
  }
}
