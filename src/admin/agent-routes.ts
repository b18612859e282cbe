import { Router } from '@koa/router'
import { z } from 'zod'
import type { Agent } from '../agents/agent.ts'
import type { AgentDirectory } from '../agents/directory.ts'
import type { SecondFactors } from '../agents/second-factors.ts'
import type { Passwords } from '../customers/passwords.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type AgentRouteDeps = {
  readonly agents: AgentDirectory
  readonly passwords: Pick<Passwords, 'hash'>
  readonly secondFactors: SecondFactors
  /** Ends every token of the agent. */
  readonly signOutAgent: (agentId: string) => Promise<void>
}

const MIN_PASSWORD = 8
const warehouse = z.int().positive().max(2_147_483_647)
const assignment = z.strictObject({ idWarehouse: warehouse.nullable() })
const newAgent = z.strictObject({
  email: z.email(),
  name: z.string().min(1).max(255).optional(),
  idAgent: z.int().positive().optional(),
  idWarehouse: warehouse.optional(),
  password: z.string().min(MIN_PASSWORD).max(1024),
})

const codeBody = z.strictObject({ code: z.string().regex(/^\d{6}$/, 'must be six digits') })

/** Back-office people who may act for customers. */
export function agentRoutes({ agents, passwords, secondFactors, signOutAgent }: AgentRouteDeps): Router {
  const router = new Router({ prefix: '/v1/agents' })

  async function change(id: string | undefined, status: Agent['status']): Promise<Agent> {
    const agent = await agents.update(id ?? '', { status })
    if (!agent) throw unknown(id)
    if (status === 'blocked') await signOutAgent(agent.id)
    return agent
  }

  async function find(id: string | undefined): Promise<Agent> {
    const agent = await agents.findById(id ?? '')
    if (!agent) throw unknown(id)
    return agent
  }

  router.get('/', async (ctx) => {
    const [listed, owners] = await Promise.all([agents.list(), secondFactors.owners()])
    ctx.body = { agents: listed.map((agent) => ({ ...agent, hasSecondFactor: owners.has(agent.id) })) }
  })
  router.post('/', async (ctx) => {
    const { password, ...agent } = await readJson(ctx, newAgent)
    const created = await agents.create({ ...agent, password: await passwords.hash(password) })
    if (created.outcome !== 'created') {
      const taken = created.outcome === 'email-taken' ? `e-mail address ${agent.email}` : `id ${agent.idAgent}`
      throw new Problem(409, created.outcome, `There is an agent with the ${taken} already.`)
    }
    ctx.status = 201
    ctx.body = created.agent
  })
  router.post('/:id/block', async (ctx) => {
    ctx.body = await change(ctx.params.id, 'blocked')
  })
  router.post('/:id/unblock', async (ctx) => {
    ctx.body = await change(ctx.params.id, 'active')
  })
  router.post('/:id/warehouse', async (ctx) => {
    const { id } = await find(ctx.params.id)
    ctx.body = await agents.update(id, await readJson(ctx, assignment))
    // Tokens of the warehouse they worked in until now must not outlive the assignment.
    await signOutAgent(id)
  })
  router.post('/:id/second-factor', async (ctx) => {
    const enrolled = await secondFactors.enrol(await find(ctx.params.id))
    if (!enrolled) throw new Problem(409, 'second-factor-exists', 'This agent has a second factor; remove it first.')
    ctx.status = 201
    ctx.set('Cache-Control', 'no-store')
    ctx.body = enrolled
  })
  router.post('/:id/second-factor/confirm', async (ctx) => {
    const [{ id }, { code }] = [await find(ctx.params.id), await readJson(ctx, codeBody)]
    if (!(await secondFactors.confirm(id, code))) throw new Problem(409, 'wrong-code', NOT_CONFIRMED)
    // What was signed in with a password alone is not good enough any more.
    await signOutAgent(id)
    ctx.body = { id, hasSecondFactor: true }
  })
  router.post('/:id/second-factor/remove', async (ctx) => {
    const { id } = await find(ctx.params.id)
    if (!(await secondFactors.remove(id))) throw new Problem(409, 'no-second-factor', 'This agent has none.')
    ctx.body = { id, hasSecondFactor: false }
  })
  return router
}

const NOT_CONFIRMED =
  'The code is wrong, or nothing waits to be confirmed. Look at the clock of the device, or enrol again.'

function unknown(id: string | undefined): Problem {
  return new Problem(404, 'unknown-agent', `There is no agent with the id "${id}".`)
}
