import type { ShownSupportAccess } from '../admin/routes/support-access-routes.ts'
import { AdminError } from './command/admin-client.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

type Switched = { readonly isOn: boolean; readonly changedAt?: number; readonly changedBy?: string }

/** Agents who act for customers. */
export const supportAccess = subcommands({
  name: 'support-access',
  summary: 'see who acts for customers, approve and end it, and switch all of it off',
  note: 'To approve, set ADMIN_TOKEN to the session of an administrator (POST /v1/sign-in): an admin token does not say who holds it.',
  actions: {
    list: {
      does: 'list accesses of agents to the accounts of customers, newest first',
      options: {
        customer: 'of this customer: id, reference or e-mail address',
        agent: 'of the agent with this id',
        state: 'open, or waiting for approval',
      },
      example: 'list --state open',
      async run({ admin, values: { customer, agent: agentId, state }, isJson }) {
        if (state !== undefined && !['open', 'waiting'].includes(state)) {
          throw new AdminError('--state is open or waiting.')
        }
        const given = Object.entries({ customer, agentId, state }).filter(
          (pair): pair is [string, string] => pair[1] !== undefined,
        )
        const listed = await admin.list<ShownSupportAccess>(
          `/v1/support-accesses?${new URLSearchParams([...given, ['limit', '1000']])}`,
        )
        if (isJson) return printJson({ supportAccesses: listed })
        if (listed.length === 0) return console.log('no support access')
        const rows = listed.map((access) => [
          access.id,
          access.state,
          access.agentEmail,
          access.customerId,
          access.clientId,
          time(access.begunAt ?? access.askedAt),
          time(access.endedAt ?? access.endsAt),
          access.reason ?? '',
        ])
        printTable(['ID', 'STATE', 'AGENT', 'CUSTOMER', 'CLIENT', 'SINCE', 'UNTIL', 'REASON'], rows)
      },
    },
    approve: {
      takes: 'ID',
      does: 'approve that an agent acts for a customer, as a second person',
      example: 'approve 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10',
      async run({ admin, subjects: [id = ''], isJson }) {
        const approved = await admin.call<ShownSupportAccess>('POST', `${pathOf(id)}/approve`, {})
        if (isJson) printJson(approved)
        else console.log(`approved: ${approved.agentEmail} has 15 minutes to ask once more`)
      },
    },
    end: {
      takes: 'ID',
      does: 'end an access and revoke its tokens, or take back what waits',
      example: 'end 2f1b7c1e-6f0e-4d53-9d8c-0f6f2f3f9a10',
      async run({ admin, subjects: [id = ''], isJson }) {
        const ended = await admin.call<ShownSupportAccess>('POST', `${pathOf(id)}/end`, {})
        if (isJson) printJson(ended)
        else console.log(`the access of ${ended.agentEmail} to customer ${ended.customerId} is ended`)
      },
    },
    off: {
      does: 'switch support access off on all nodes: refuse new ones, end all that are open',
      example: 'off',
      async run({ admin, isJson }) {
        const done = await admin.call<Switched & { ended: number }>('POST', '/v1/support-access/off', {})
        if (isJson) printJson(done)
        else console.log(`support access is off; ended: ${done.ended}`)
      },
    },
    on: {
      does: 'switch support access on again; what was ended stays ended',
      example: 'on',
      async run({ admin, isJson }) {
        const done = await admin.call<Switched>('POST', '/v1/support-access/on', {})
        if (isJson) printJson(done)
        else console.log('support access is on')
      },
    },
    status: {
      does: 'tell whether support access is switched on',
      example: 'status',
      async run({ admin, isJson }) {
        const { isOn, changedAt, changedBy } = await admin.call<Switched>('GET', '/v1/support-access')
        if (isJson) return printJson({ isOn, changedAt, changedBy })
        const since = changedAt === undefined ? '' : ` since ${time(changedAt)}, by ${changedBy}`
        console.log(`support access is ${isOn ? 'on' : 'off'}${since}`)
      },
    },
  },
})

function pathOf(id: string): string {
  return `/v1/support-accesses/${encodeURIComponent(id)}`
}

function time(epochSeconds: number | undefined): string {
  return epochSeconds === undefined ? '' : new Date(epochSeconds * 1000).toISOString()
}
