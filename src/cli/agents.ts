import type { Agent } from '../agents/agent.ts'
import type { ActionRequest } from './command/action.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'
import { SECOND_FACTOR_ACTIONS } from './second-factor.ts'

type ListedAgent = Agent & { readonly hasSecondFactor: boolean }

const ID = '0b5d9e8a-6c1f-4d3b-9a27-5e4f3c2b1a09'

/** Back-office people who may act for customers. */
export const agents = subcommands({
  name: 'agents',
  summary: 'create and block back-office people',
  note: 'Passwords and codes are read from standard input, so that they do not appear in process lists or the shell history.',
  actions: {
    list: {
      does: 'list all agents',
      example: 'list',
      async run({ admin, isJson }) {
        const listed = await admin.list<ListedAgent>('/v1/agents')
        if (isJson) return printJson({ agents: listed })
        const rows = listed.map(({ id, email, name = '', status, hasSecondFactor }) => [
          id,
          email,
          name,
          status,
          hasSecondFactor ? 'yes' : 'no',
        ])
        printTable(['ID', 'E-MAIL', 'NAME', 'STATE', 'SECOND FACTOR'], rows)
      },
    },
    create: {
      does: 'create an agent; the password is read from standard input',
      options: {
        email: 'the address they sign in with',
        name: 'the name that others see',
        'id-agent': 'their number in the shop',
        'id-warehouse': "the warehouse for Spryker's warehouse tokens",
      },
      flags: { 'password-stdin': 'read the password from standard input' },
      needs: ['email', 'password-stdin'],
      readsInput: true,
      example: 'create --email agent@example.com --password-stdin < password.txt',
      run: create,
    },
    block: {
      takes: 'ID',
      does: 'block an agent: they are signed out and cannot act for customers',
      example: `block ${ID}`,
      run: (request) => changeStatus(request, 'block'),
    },
    unblock: {
      takes: 'ID',
      does: 'let a blocked agent sign in again',
      example: `unblock ${ID}`,
      run: (request) => changeStatus(request, 'unblock'),
    },
    warehouse: {
      takes: 'ID NUMBER',
      does: `set the warehouse for Spryker's warehouse tokens, or "none"; the agent is signed out`,
      example: `warehouse ${ID} 9`,
      run: assignWarehouse,
    },
    ...SECOND_FACTOR_ACTIONS,
  },
})

async function create({ admin, values, input: password, isJson }: ActionRequest): Promise<void> {
  const { email, name, 'id-agent': idAgent, 'id-warehouse': idWarehouse } = values
  const created = await admin.call<Agent>('POST', '/v1/agents', {
    email,
    password,
    ...(name && { name }),
    ...(idAgent && { idAgent: Number(idAgent) }),
    ...(idWarehouse && { idWarehouse: Number(idWarehouse) }),
  })
  if (isJson) printJson(created)
  else console.log(`${created.email} is an agent now, with the id ${created.id}`)
}

async function changeStatus({ admin, subjects: [id = ''], isJson }: ActionRequest, action: string): Promise<void> {
  const agent = await admin.call<Agent>('POST', `/v1/agents/${encodeURIComponent(id)}/${action}`, {})
  if (isJson) printJson(agent)
  else console.log(`${agent.email} is ${agent.status}`)
}

async function assignWarehouse({ admin, subjects: [id = '', warehouse], isJson }: ActionRequest): Promise<void> {
  const idWarehouse = warehouse === 'none' ? null : Number(warehouse)
  const agent = await admin.call<Agent>('POST', `/v1/agents/${encodeURIComponent(id)}/warehouse`, { idWarehouse })
  if (isJson) printJson(agent)
  else console.log(`${agent.email} works in ${agent.idWarehouse ? `warehouse ${agent.idWarehouse}` : 'no warehouse'}`)
}
