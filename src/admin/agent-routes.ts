import { Router } from '@koa/router'
import { z } from 'zod'
import type { Agent } from '../agents/agent.ts'
import type { AgentDirectory } from '../agents/directory.ts'
import type { Passwords } from '../customers/passwords.ts'
import { Problem } from './problem.ts'
import { readJson } from './read-json.ts'

export type AgentRouteDeps = {
  readonly agents: AgentDirectory
  readonly passwords: Pick<Passwords, 'hash'>
  /** Ends every token of the agent. */
  readonly signOutAgent: (agentId: string) => Promise<void>
}

const MIN_PASSWORD = 8
const newAgent = z.strictObject({
  email: z.email(),
  name: z.string().min(1).max(255).optional(),
  idAgent: z.int().positive().optional(),
  password: z.string().min(MIN_PASSWORD).max(1024),
})

/** Back-office people who may act for customers. */
export function agentRoutes({ agents, passwords, signOutAgent }: AgentRouteDeps): Router {
  const router = new Router({ prefix: '/v1/agents' })

  async function change(id: string | undefined, status: Agent['status']): Promise<Agent> {
    const agent = await agents.update(id ?? '', { status })
    if (!agent) throw new Problem(404, 'unknown-agent', `There is no agent with the id "${id}".`)
    if (status === 'blocked') await signOutAgent(agent.id)
    return agent
  }

  router.get('/', async (ctx) => {
    ctx.body = { agents: await agents.list() }
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
  return router
}
