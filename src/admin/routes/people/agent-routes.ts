import { z } from 'zod'
import type { Agent } from '../../../agents/agent.ts'
import type { AgentDirectory } from '../../../agents/directory.ts'
import type { PasswordPolicy } from '../../../credentials/password-policy.ts'
import type { Passwords } from '../../../credentials/passwords.ts'
import type { SecondFactors } from '../../../credentials/second-factors.ts'
import type { EndSignIn } from '../../../oauth/sign-outs/end-sign-in.ts'
import { changedMeanwhile, Problem } from '../../problem.ts'
import { email, hasSecondFactor, newPassword, sentenceOf, shownEmail } from '../fields.ts'
import { noteChange } from '../note-change.ts'
import { type Route, type RouteRequest, route } from '../route.ts'
import { name, pageOf, pageQuery } from '../shapes.ts'
import { acceptPassword } from './new-password.ts'

export type AgentRouteDeps = {
  readonly agents: AgentDirectory
  readonly passwords: Pick<Passwords, 'hash'>
  readonly passwordPolicy: PasswordPolicy
  readonly secondFactors: Pick<SecondFactors, 'owners'>
  readonly endSignIn: EndSignIn
}

type Warehouse = { readonly idWarehouse?: number | null }

const id = z.string().describe('The id of the agent.')
const number = z.int().positive().max(2_147_483_647)
const idAgent = number.describe('The number of the agent in the shop system; made where it is not given.')
const idWarehouse = number.describe('The number of the warehouse that the agent works in.')
const agentName = name.describe('The name, as administrators see it.')
const isAgent = z.boolean().describe('Whether the person may act for customers.')
const agentShape = z
  .object({
    id,
    idAgent: z.int().describe(sentenceOf(idAgent)),
    email: shownEmail,
    name: z.string().optional().describe(sentenceOf(agentName)),
    idWarehouse: z.int().optional().describe(sentenceOf(idWarehouse)),
    status: z.enum(['active', 'blocked']).describe('Who is blocked cannot sign in.'),
    isAgent,
  })
  .meta({ id: 'Agent' })
const listedAgent = agentShape.extend({ hasSecondFactor }).meta({ id: 'ListedAgent' })
const newAgent = z.strictObject({
  email,
  name: agentName.optional(),
  idAgent: idAgent.optional(),
  idWarehouse: idWarehouse.optional(),
  password: newPassword,
})
const agentChange = z.strictObject({ name: agentName.optional(), isAgent: isAgent.optional() })
const params = z.object({ id })

/** Back-office people who may act for customers. */
export function agentRoutes(deps: AgentRouteDeps): Route[] {
  const { agents, secondFactors, endSignIn } = deps
  const known = (agent: Agent | undefined, id: string): Agent => {
    if (agent) return agent
    throw new Problem(404, 'unknown-agent', `There is no agent with the id "${id}".`)
  }
  const update = async (id: string, change: Partial<Pick<Agent, 'status'>> & Warehouse, note: RouteRequest['note']) => {
    const before = known(await agents.findById(id), id)
    const after = known(await agents.update(id, change), id)
    note({ before, after })
    return after
  }

  return [
    route({
      method: 'GET',
      path: '/v1/agents',
      summary: 'Agents, by e-mail address',
      permission: 'agents:read',
      query: pageQuery,
      result: pageOf(listedAgent),
      async handle({ query }) {
        const [{ items, ...page }, owners] = await Promise.all([agents.list(query), secondFactors.owners()])
        return { ...page, items: items.map((agent) => ({ ...agent, hasSecondFactor: owners.has(agent.id) })) }
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents',
      summary: 'Create an agent',
      permission: 'agents:write',
      body: newAgent,
      status: 201,
      result: agentShape,
      revision: 'shown',
      refusals: [409],
      audit: 'agent.changed',
      async handle({ body: { password, ...agent }, note }) {
        const created = await agents.create({ ...agent, password: await acceptPassword(deps, password, agent.email) })
        if (created.outcome === 'created') {
          note({ after: created.agent })
          return created.agent
        }
        const taken = created.outcome === 'email-taken' ? `e-mail address ${agent.email}` : `id ${agent.idAgent}`
        throw new Problem(409, created.outcome, `An agent with the ${taken} already exists.`)
      },
    }),
    route({
      method: 'GET',
      path: '/v1/agents/{id}',
      summary: 'One agent',
      permission: 'agents:read',
      params,
      result: agentShape,
      revision: 'shown',
      refusals: [404],
      handle: async ({ params: { id } }) => known(await agents.findById(id), id),
    }),
    route({
      method: 'PATCH',
      path: '/v1/agents/{id}',
      summary: 'Change an agent; who is no agent any more is signed out',
      permission: 'agents:write',
      params,
      body: agentChange,
      result: agentShape,
      revision: 'expected',
      refusals: [404],
      audit: 'agent.changed',
      async handle({ params: { id }, body, seen, actor, note }) {
        const changed = await agents.change(id, seen, body)
        noteChange(note, changed)
        if (changed.outcome === 'changed-meanwhile') throw changedMeanwhile()
        if (body.isAgent === false && changed.outcome === 'changed')
          await endSignIn({ what: { of: 'agent', id: changed.now.id }, why: 'agent-dismissed', by: actor.name })
        return known(changed.outcome === 'changed' ? changed.now : undefined, id)
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents/{id}/warehouse',
      summary: 'Set or remove the warehouse of an agent; the agent is signed out',
      permission: 'agents:write',
      params,
      body: z.strictObject({
        idWarehouse: number.nullable().describe('The number of the warehouse that the agent works in; null for none.'),
      }),
      result: agentShape,
      refusals: [404],
      audit: 'agent.changed',
      async handle({ params: { id }, body, actor, note }) {
        const agent = await update(id, body, note)
        // Tokens of the warehouse they worked in until now must not outlive the assignment.
        await endSignIn({ what: { of: 'agent', id: agent.id }, why: 'warehouse-changed', by: actor.name })
        return agent
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents/{id}/block',
      summary: 'Block an agent: the agent is signed out and cannot act for customers',
      permission: 'agents:write',
      params,
      result: agentShape,
      refusals: [404],
      audit: 'agent.changed',
      async handle({ params: { id }, actor, note }) {
        const agent = await update(id, { status: 'blocked' }, note)
        await endSignIn({ what: { of: 'agent', id: agent.id }, why: 'blocked', by: actor.name })
        return agent
      },
    }),
    route({
      method: 'POST',
      path: '/v1/agents/{id}/unblock',
      summary: 'Unblock an agent',
      permission: 'agents:write',
      params,
      result: agentShape,
      refusals: [404],
      audit: 'agent.changed',
      handle: ({ params: { id }, note }) => update(id, { status: 'active' }, note),
    }),
  ]
}
