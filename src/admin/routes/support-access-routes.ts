import { z } from 'zod'
import type { Administrator } from '../../administrators/administrator.ts'
import type { ActiveGrants } from '../../oauth/sign-outs/active-grants.ts'
import { type AccessState, type SupportAccess, stateOf } from '../../support-access/support-access.ts'
import type { SupportAccesses } from '../../support-access/support-accesses.ts'
import { Problem } from '../problem.ts'
import { clientId, customerId, grantId, sentenceOf } from './fields.ts'
import { customerIdOf, type FindCustomer } from './named-customer.ts'
import { type Route, route } from './route.ts'
import { epochSeconds, pageOf, pageQuery, text } from './shapes.ts'

const STATES = ['waiting', 'approved', 'open', 'ended', 'lapsed'] as const satisfies readonly AccessState[]

const accessId = z.string().describe('The id of the access.')
const agentId = z.string().describe('The id of the agent.')
const supportAccess = z
  .object({
    id: accessId,
    state: z
      .enum(STATES)
      .describe('"waiting" for approval, "approved" and not begun, "open", "ended", or "lapsed" without having begun.'),
    agentId,
    agentEmail: z.string().describe('The e-mail address of the agent.'),
    customerId,
    clientId,
    resource: z.string().describe('The resource server that its tokens are for.'),
    scopes: z.array(z.string()).describe('The scopes of its tokens.'),
    reason: z.string().optional().describe('What the agent gave as the reason.'),
    askedAt: epochSeconds('When the agent asked'),
    approvedAt: epochSeconds('When it was approved').optional(),
    approvedBy: z.string().optional().describe('The administrator who approved it.'),
    begunAt: epochSeconds('When its tokens were issued').optional(),
    endsAt: epochSeconds('When its tokens end at the latest').optional(),
    grantId: grantId.optional(),
    endedAt: epochSeconds('When it was ended before its time').optional(),
    endedBy: z.string().optional().describe('Who ended it before its time.'),
    endCause: z.string().optional().describe('Absent when its time was over, or its sign-in was ended otherwise.'),
  })
  .meta({ id: 'SupportAccess' })
const supportSwitch = z.object({
  isOn: z.boolean().describe('Whether agents may act for customers.'),
  changedAt: epochSeconds('When it was switched last').optional(),
  changedBy: z.string().optional().describe('Who switched it last.'),
})
const query = pageQuery.extend({
  customer: text.min(1).max(2000).optional().describe('A customer by id, reference or e-mail address.'),
  agentId: z.uuid().optional().describe(sentenceOf(agentId)),
  state: z.enum(['open', 'waiting']).optional().describe('Only those that are open, or that wait for approval.'),
})
const params = z.object({ id: accessId })

/** An access as the API shows it. */
export type ShownSupportAccess = z.output<typeof supportAccess>

export type SupportAccessRouteDeps = {
  readonly accesses: SupportAccesses
  readonly activeGrants: Pick<ActiveGrants, 'activeAmong'>
  readonly findCustomer: FindCustomer
  /** Whether the customer lets agents act for them now. */
  readonly isPermitted: (customerId: string) => Promise<boolean>
  readonly administrators: { readonly findById: (id: string) => Promise<Administrator | undefined> }
}

/** Agents who act for customers: who does, approving and ending it, and switching all of it off. */
export function supportAccessRoutes(deps: SupportAccessRouteDeps): Route[] {
  const { accesses, activeGrants, findCustomer, isPermitted, administrators } = deps

  /** What is open by its row may have ended with its sign-in, or with the customer’s permission. */
  async function show(found: readonly SupportAccess[]) {
    const now = Math.floor(Date.now() / 1000)
    const grants = found.flatMap((each) => (stateOf(each, now) === 'open' ? (each.grantId ?? []) : []))
    const active = await activeGrants.activeAmong(grants)
    return Promise.all(
      found.map(async (each) => {
        const state = stateOf(each, now)
        if (state !== 'open') return { ...each, state }
        const isOpen = active.has(each.grantId ?? '') && (await isPermitted(each.customerId))
        return { ...each, state: isOpen ? state : ('ended' as const) }
      }),
    )
  }

  async function showOne(access: SupportAccess) {
    const [shown] = await show([access])
    return shown as NonNullable<typeof shown> // one was given
  }

  return [
    route({
      method: 'GET',
      path: '/v1/support-accesses',
      summary: 'Accesses of agents to the accounts of customers, newest first',
      permission: 'support-access:read',
      query,
      result: pageOf(supportAccess),
      refusals: [404],
      async handle({ query: { customer, agentId, state, ...page } }) {
        const customerId = customer === undefined ? undefined : await customerIdOf(findCustomer, customer)
        const filter = { customerId, agentId, isOpen: state === 'open', isWaiting: state === 'waiting' }
        const { items, ...rest } = await accesses.list(filter, page)
        return { items: await show(items), ...rest }
      },
    }),
    route({
      method: 'GET',
      path: '/v1/support-accesses/{id}',
      summary: 'One access of an agent',
      permission: 'support-access:read',
      params,
      result: supportAccess,
      refusals: [404],
      async handle({ params: { id } }) {
        const access = await accesses.find(id)
        if (!access) throw unknown(id)
        return showOne(access)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/support-accesses/{id}/approve',
      summary: 'Approve that an agent acts for a customer',
      description:
        'For an administrator who signed in: a token does not say who holds it. The agent whose request it is cannot approve it. The agent asks once more within 15 minutes.',
      permission: 'support-access:approve',
      params,
      result: supportAccess,
      refusals: [404, 409],
      async handle({ params: { id }, actor }) {
        const person = actor.kind === 'administrator' && actor.id !== undefined ? actor.id : undefined
        const administrator = person === undefined ? undefined : await administrators.findById(person)
        if (!administrator) throw new Problem(409, 'no-second-person', NO_PERSON)
        const approval = await accesses.approve(id, { name: actor.name, email: administrator.email })
        if (approval.outcome === 'approved') return showOne(approval.access)
        if (approval.outcome === 'unknown') throw unknown(id)
        throw approval.outcome === 'same-person'
          ? new Problem(409, 'same-person', 'You asked for this access as an agent: another person must approve it.')
          : new Problem(409, 'not-waiting', `The support access "${id}" does not wait for approval (any more).`)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/support-accesses/{id}/end',
      summary: 'End an access of an agent and revoke its tokens, or take back what waits or was approved',
      permission: 'support-access:end',
      params,
      result: supportAccess,
      refusals: [404, 409],
      async handle({ params: { id }, actor }) {
        const ended = await accesses.end(id, { by: actor.name, cause: 'operator' })
        if (ended) return showOne(ended)
        if (!(await accesses.find(id))) throw unknown(id)
        throw new Problem(409, 'already-over', `The support access "${id}" is over already.`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/support-access',
      summary: 'Whether support access is switched on',
      permission: 'support-access:read',
      result: supportSwitch,
      handle: accesses.readSwitch,
    }),
    ...([true, false] as const).map((isOn) =>
      route({
        method: 'POST',
        path: `/v1/support-access/${isOn ? 'on' : 'off'}`,
        summary: isOn
          ? 'Switch support access on again'
          : 'Switch support access off, on all nodes: refuse new ones and end all that are open',
        permission: 'support-access:switch',
        result: supportSwitch.extend({ ended: z.int().describe('How many were ended.') }),
        audit: 'support-access.switched',
        async handle({ actor, note }) {
          const ended = await accesses.switchTo(isOn, actor.name)
          note({ after: { isOn, ended } })
          return { ...(await accesses.readSwitch()), ended }
        },
      }),
    ),
  ]
}

const NO_PERSON =
  'A person must approve this: sign in to the console, or use the session of an administrator as the token. An admin token does not say who holds it.'

function unknown(id: string): Problem {
  return new Problem(404, 'unknown-support-access', `There is no support access "${id}".`)
}
