import { z } from 'zod'
import type { Agent } from '../../../agents/agent.ts'
import type { AgentDirectory } from '../../../agents/directory.ts'
import type { SecondFactors } from '../../../credentials/second-factors.ts'
import type { EndSignIn } from '../../../oauth/sign-outs/end-sign-in.ts'
import { Problem } from '../../problem.ts'
import { enrolled, hasSecondFactor, sixDigits } from '../fields.ts'
import { type Route, route } from '../route.ts'

export type SecondFactorRouteDeps = {
  readonly agents: Pick<AgentDirectory, 'findById'>
  readonly secondFactors: SecondFactors
  readonly endSignIn: EndSignIn
}

const id = z.string().describe('The id of the agent.')
const params = z.object({ id })
const standing = z.object({ id, hasSecondFactor })

/** Time-based codes (RFC 6238) beside agents' passwords. */
export function secondFactorRoutes({ agents, secondFactors, endSignIn }: SecondFactorRouteDeps): Route[] {
  async function find(id: string): Promise<Agent> {
    const agent = await agents.findById(id)
    if (agent) return agent
    throw new Problem(404, 'unknown-agent', `There is no agent with the id "${id}".`)
  }
  const act = {
    method: 'POST',
    permission: 'agents:write',
    params,
    refusals: [404, 409],
    audit: 'agent.changed',
  } as const

  return [
    route({
      ...act,
      path: '/v1/agents/{id}/second-factor',
      summary:
        'Give an agent a second factor, which applies after it is confirmed; only this answer contains its secret',
      status: 201,
      result: enrolled,
      async handle({ params }) {
        const enrolled = await secondFactors.enrol(await find(params.id))
        if (enrolled) return enrolled
        throw new Problem(409, 'second-factor-exists', 'This agent already has a second factor; remove it first.')
      },
    }),
    route({
      ...act,
      path: '/v1/agents/{id}/second-factor/confirm',
      summary: 'Confirm the second factor with one of its codes',
      body: z.strictObject({ code: sixDigits }),
      result: standing,
      async handle({ params, body, actor }) {
        const { id } = await find(params.id)
        if (!(await secondFactors.confirm(id, body.code))) throw new Problem(409, 'wrong-code', NOT_CONFIRMED)
        // What was signed in with a password alone is not good enough any more.
        await endSignIn({ what: { of: 'agent', id }, why: 'second-factor-added', by: actor.name })
        return { id, hasSecondFactor: true }
      },
    }),
    route({
      ...act,
      path: '/v1/agents/{id}/second-factor/remove',
      summary: 'Remove the second factor; the password alone is enough again',
      result: standing,
      async handle({ params }) {
        const { id } = await find(params.id)
        if (!(await secondFactors.remove(id)))
          throw new Problem(409, 'no-second-factor', 'This agent has no second factor.')
        return { id, hasSecondFactor: false }
      },
    }),
  ]
}

const NOT_CONFIRMED =
  'The code is wrong, or there is no second factor to confirm. Check the clock of the device, or enrol again.'
