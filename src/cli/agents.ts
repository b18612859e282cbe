import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { Agent } from '../agents/agent.ts'
import { createAdminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { printJson, printTable } from './print.ts'

const HELP = `Usage: vestibule agents ACTION [--json]

  list                       every agent
  create --email E --password-stdin [--name N] [--id-agent NUMBER]
  block ID | unblock ID      a blocked agent is signed out and acts for nobody

The password comes on standard input, so that it is in no process list and no shell history.

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
        'password-stdin': { type: 'boolean', default: false },
      },
    })
    const [action, id] = positionals
    const admin = createAdminClient(environment)
    if (action === 'list') {
      const listed = await admin.list<Agent>('/v1/agents')
      if (values.json) printJson({ agents: listed })
      else
        printTable(
          ['ID', 'E-MAIL', 'NAME', 'STATE'],
          listed.map((agent) => [agent.id, agent.email, agent.name ?? '', agent.status]),
        )
      return 0
    }
    if (action === 'create' && values.email && values['password-stdin']) {
      const created = await admin.call<Agent>('POST', '/v1/agents', {
        email: values.email,
        password: (await text(process.stdin)).replace(/\r?\n$/, ''),
        ...(values.name && { name: values.name }),
        ...(values['id-agent'] && { idAgent: Number(values['id-agent']) }),
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
    console.error(HELP)
    return 2
  },
}
