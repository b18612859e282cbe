import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { Agent } from '../agents/agent.ts'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { printJson, printTable } from './print.ts'

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
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        email: { type: 'string' },
        name: { type: 'string' },
        'id-agent': { type: 'string' },
        'id-warehouse': { type: 'string' },
        'password-stdin': { type: 'boolean', default: false },
      },
    })
    const [action, id] = positionals
    const admin = createAdminClient(environment)
    if (action === 'second-factor') return secondFactor(admin, positionals.slice(1), values.json)
    if (action === 'list') {
      const listed = await admin.list<ListedAgent>('/v1/agents')
      if (values.json) printJson({ agents: listed })
      else
        printTable(
          ['ID', 'E-MAIL', 'NAME', 'STATE', 'SECOND FACTOR'],
          listed.map(({ id: agentId, email, name, status, hasSecondFactor }) => [
            agentId,
            email,
            name ?? '',
            status,
            hasSecondFactor ? 'yes' : 'no',
          ]),
        )
      return 0
    }
    if (action === 'create' && values.email && values['password-stdin']) {
      const created = await admin.call<Agent>('POST', '/v1/agents', {
        email: values.email,
        password: await fromInput(),
        ...(values.name && { name: values.name }),
        ...(values['id-agent'] && { idAgent: Number(values['id-agent']) }),
        ...(values['id-warehouse'] && { idWarehouse: Number(values['id-warehouse']) }),
      })
      if (values.json) printJson(created)
      else console.log(`${created.email} is an agent now, with the id ${created.id}`)
      return 0
    }
    if ((action === 'block' || action === 'unblock') && id) {
      const agent = await admin.call<Agent>('POST', `/v1/agents/${encodeURIComponent(id)}/${action}`, {})
      if (values.json) printJson(agent)
      else console.log(`${agent.email} is ${agent.status}`)
      return 0
    }
    if (action === 'warehouse' && id && positionals[2]) {
      const idWarehouse = positionals[2] === 'none' ? null : Number(positionals[2])
      const agent = await admin.call<Agent>('POST', `/v1/agents/${encodeURIComponent(id)}/warehouse`, { idWarehouse })
      if (values.json) printJson(agent)
      else
        console.log(`${agent.email} works in ${agent.idWarehouse ? `warehouse ${agent.idWarehouse}` : 'no warehouse'}`)
      return 0
    }
    console.error(HELP)
    return 2
  },
}

type ListedAgent = Agent & { readonly hasSecondFactor: boolean }

async function secondFactor(admin: AdminClient, [action, id]: readonly string[], isJson: boolean): Promise<number> {
  if (!id || !(action === 'enrol' || action === 'confirm' || action === 'remove')) {
    console.error(HELP)
    return 2
  }
  const path = `/v1/agents/${encodeURIComponent(id)}/second-factor`
  if (action === 'enrol') {
    const enrolled = await admin.call<{ secret: string; uri: string }>('POST', path, {})
    if (isJson) printJson(enrolled)
    else
      console.log(
        `secret   ${enrolled.secret}\naddress  ${enrolled.uri}\nIt counts once "second-factor confirm" was given a code.`,
      )
    return 0
  }
  const body = action === 'confirm' ? { code: (await fromInput()).trim() } : {}
  const answer = await admin.call<{ hasSecondFactor: boolean }>('POST', `${path}/${action}`, body)
  if (isJson) printJson(answer)
  else
    console.log(
      answer.hasSecondFactor ? `each sign-in of ${id} needs a code now` : `a password is enough for ${id} again`,
    )
  return 0
}

async function fromInput(): Promise<string> {
  return (await text(process.stdin)).replace(/\r?\n$/, '')
}
