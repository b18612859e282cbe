import { beforeEach, describe, expect, test } from 'vitest'
import { type AuthenticateAgent, createAuthenticateAgent } from '../../src/agents/authenticate.ts'
import { type AgentDirectory, createAgentDirectory } from '../../src/agents/directory.ts'
import { createLockout } from '../../src/credentials/lockout/lockout.ts'
import { lockoutPolicy } from '../../src/credentials/lockout/lockout-policy.ts'
import { createPasswords } from '../../src/credentials/passwords.ts'
import { createMemoryStorage } from '../../src/storage/memory.ts'
import { useDatabase } from '../customers/database.ts'

const database = useDatabase()
const passwords = createPasswords()
const HERE = { ip: '198.51.100.7' }

let agents: AgentDirectory
let authenticate: AuthenticateAgent

beforeEach(() => {
  agents = createAgentDirectory({ knex: database.knex })
  const policy = lockoutPolicy({
    LOCKOUT_ATTEMPTS: 9,
    LOCKOUT_WINDOW_SECONDS: 900,
    LOCKOUT_BLOCK_SECONDS: 360,
    LOCKOUT_ACCOUNT_ATTEMPTS: 30,
    LOCKOUT_ADDRESS_ATTEMPTS: 300,
    LOCKOUT_CLIENT_ATTEMPTS: 3000,
  })
  const lockout = createLockout({ storage: createMemoryStorage(), policy, digestKey: 'key', realm: 'agent' })
  const secondFactors = { isRequired: async () => false, redeem: async () => false }
  authenticate = createAuthenticateAgent({ agents, passwords, lockout, secondFactors })
})

describe('agents', () => {
  test('sign in with their own password, whatever the case of the address', async () => {
    const agent = await create()
    expect(await authenticate('Agent@Example.com', 'change123', HERE)).toEqual({ outcome: 'authenticated', agent })
    expect(await agents.findById(agent.id)).toEqual(agent)
    expect(await agents.list({ limit: 10 })).toEqual({ items: [agent] })
  })

  test.each([
    ['blocked', { status: 'blocked' }, 'blocked'],
    ['without the agent flag', { isAgent: false }, 'not-an-agent'],
  ] as const)('%s are refused with the right password', async (_, change, reason) => {
    const agent = await create()
    await agents.update(agent.id, change)
    expect(await authenticate(agent.email, 'change123', HERE)).toEqual({ outcome: 'refused', reason })
  })

  test('are locked after nine failures', async () => {
    await create()
    for (let failure = 1; failure <= 9; failure++) {
      expect(await authenticate('agent@example.com', 'wrong', HERE)).toEqual({
        outcome: 'refused',
        reason: 'wrong-password',
      })
    }
    expect((await authenticate('agent@example.com', 'change123', HERE)).outcome).toBe('locked')
  })

  test('have one address and one number each', async () => {
    const agent = await create({ idAgent: 40 })
    const password = await passwords.hash('x')
    expect(await agents.create({ email: 'AGENT@example.com', password })).toEqual({ outcome: 'email-taken' })
    expect(await agents.create({ email: 'b@example.com', idAgent: agent.idAgent, password })).toEqual({
      outcome: 'id-taken',
    })
    const next = await agents.create({ email: 'c@example.com', password })
    expect(next).toMatchObject({ outcome: 'created', agent: { idAgent: 42 } })
  })
})

async function create(more: { readonly idAgent?: number } = {}) {
  const created = await agents.create({
    email: 'agent@example.com',
    password: await passwords.hash('change123'),
    ...more,
  })
  if (created.outcome !== 'created') throw new Error(created.outcome)
  return created.agent
}
