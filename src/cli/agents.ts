import { parseArgs } from 'node:util'
import type { Agent } from '../agents/agent.ts'
import { type AdminClient, createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { printJson, printTable } from './command/print.ts'
import { fromInput } from './command/standard-input.ts'
import { SECOND_FACTOR_ACTIONS } from './second-factor.ts'

const HELP = `Usage: vestibule agents ACTION [--json]

  list                       every agent
  create --email E --password-stdin [--name N] [--id-agent NUMBER] [--id-warehouse NUMBER]
  block ID | unblock ID      a blocked agent is signed out and acts for nobody
  warehouse ID NUMBER|none   the warehouse they get Spryker's warehouse tokens for; they are signed out
  second-factor enrol ID     makes a secret for an authenticator app and shows it, this once
  second-factor confirm ID   with a code of the app on standard input: from then on each sign-in needs one
  second-factor remove ID    a password is enough again

Passwords and codes come on standard input, so that they are in no process list and no shell history.

Example: npx vestibule agents create --email agent@example.com --password-stdin < password.txt`

/** Back-office people who may act for customers. */
export const agents: Command = {
  name: 'agents',
  summary: 'create and block back-office people',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS })
    const [action = '', ...operands] = positionals
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    const isDone =
      act && operands.length === act.needs && (await act.run(createAdminClient(environment), operands, values))
    if (isDone) return 0
    console.error(HELP)
    return 2
  },
}

const OPTIONS = {
  json: { type: 'boolean', default: false },
  email: { type: 'string' },
  name: { type: 'string' },
  'id-agent': { type: 'string' },
  'id-warehouse': { type: 'string' },
  'password-stdin': { type: 'boolean', default: false },
} as const

type Values = {
  readonly json: boolean
  readonly email?: string
  readonly name?: string
  readonly 'id-agent'?: string
  readonly 'id-warehouse'?: string
  readonly 'password-stdin': boolean
}
type ListedAgent = Agent & { readonly hasSecondFactor: boolean }
/** False when something is missing, and only the help can be shown. */
type Run = (admin: AdminClient, operands: readonly string[], values: Values) => Promise<boolean>

const ACTIONS: Readonly<Record<string, { readonly needs: number; readonly run: Run }>> = {
  list: { needs: 0, run: list },
  create: { needs: 0, run: create },
  block: { needs: 1, run: (admin, [id = ''], { json }) => changeStatus(admin, id, 'block', json) },
  unblock: { needs: 1, run: (admin, [id = ''], { json }) => changeStatus(admin, id, 'unblock', json) },
  warehouse: { needs: 2, run: assignWarehouse },
  'second-factor': {
    needs: 2,
    async run(admin, [action = '', id = ''], { json }) {
      const act = Object.hasOwn(SECOND_FACTOR_ACTIONS, action) ? SECOND_FACTOR_ACTIONS[action] : undefined
      await act?.(admin, id, json)
      return act !== undefined
    },
  },
}

async function list(admin: AdminClient, _operands: readonly string[], { json }: Values): Promise<boolean> {
  const agents = await admin.list<ListedAgent>('/v1/agents')
  const rows = agents.map(({ id, email, name = '', status, hasSecondFactor }) => [
    id,
    email,
    name,
    status,
    hasSecondFactor ? 'yes' : 'no',
  ])
  if (json) printJson({ agents })
  else printTable(['ID', 'E-MAIL', 'NAME', 'STATE', 'SECOND FACTOR'], rows)
  return true
}

async function create(admin: AdminClient, _operands: readonly string[], values: Values): Promise<boolean> {
  if (!values.email || !values['password-stdin']) return false
  const created = await admin.call<Agent>('POST', '/v1/agents', {
    email: values.email,
    password: await fromInput(),
    ...(values.name && { name: values.name }),
    ...(values['id-agent'] && { idAgent: Number(values['id-agent']) }),
    ...(values['id-warehouse'] && { idWarehouse: Number(values['id-warehouse']) }),
  })
  if (values.json) printJson(created)
  else console.log(`${created.email} is an agent now, with the id ${created.id}`)
  return true
}

async function changeStatus(admin: AdminClient, id: string, action: string, isJson: boolean): Promise<boolean> {
  const agent = await admin.call<Agent>('POST', `/v1/agents/${encodeURIComponent(id)}/${action}`, {})
  if (isJson) printJson(agent)
  else console.log(`${agent.email} is ${agent.status}`)
  return true
}

async function assignWarehouse(
  admin: AdminClient,
  [id = '', warehouse]: readonly string[],
  { json }: Values,
): Promise<boolean> {
  const idWarehouse = warehouse === 'none' ? null : Number(warehouse)
  const agent = await admin.call<Agent>('POST', `/v1/agents/${encodeURIComponent(id)}/warehouse`, { idWarehouse })
  if (json) printJson(agent)
  else console.log(`${agent.email} works in ${agent.idWarehouse ? `warehouse ${agent.idWarehouse}` : 'no warehouse'}`)
  return true
}
