import type { ActiveGrant } from '../oauth/sign-outs/active-grants.ts'
import { AdminError } from './command/admin-client.ts'
import { customerIdOf } from './command/find-customer.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** Sign-ins: what tokens hang from. */
export const grants = subcommands({
  name: 'grants',
  summary: 'list active sign-ins, and end one or many',
  actions: {
    list: {
      does: 'list active sign-ins, newest first, of a customer, a client, or both',
      options: { customer: 'a customer: id, reference or e-mail address', client: 'a client id' },
      example: 'list --customer ron@swanson.com',
      async run({ admin, values: { customer, client: clientId }, isJson }) {
        const customerId = customer === undefined ? undefined : await customerIdOf(admin, customer)
        const given = Object.entries({ customerId, clientId }).filter(([, value]) => value !== undefined)
        if (given.length === 0)
          throw new AdminError('Give a customer, a client, or both: --customer CUSTOMER, --client ID.')
        const listed = await admin.list<ActiveGrant & { readonly lastUsedAt?: number }>(
          // What is undefined was left out above.
          `/v1/grants?${new URLSearchParams(given as [string, string][])}&limit=1000`,
        )
        if (isJson) return printJson({ grants: listed })
        if (listed.length === 0) return console.log('no active sign-in')
        const rows = listed.map((grant) => [
          grant.id,
          grant.clientId,
          grant.customerId ?? grant.agentId ?? (grant.anonymousId ? `anonymous ${grant.anonymousId}` : ''),
          new Date(grant.grantedAt * 1000).toISOString(),
          grant.ip ?? '',
          grant.by ?? '',
          grant.lastUsedAt === undefined ? '' : new Date(grant.lastUsedAt * 1000).toISOString(),
        ])
        printTable(['ID', 'CLIENT', 'WHO', 'SINCE', 'ADDRESS', 'BY', 'LAST USED'], rows)
      },
    },
    revoke: {
      takes: 'ID',
      does: 'end one sign-in and revoke its tokens',
      example: 'revoke Zq4Yk0xv2m6o9c1tQm7J3wq8sHfLr5nB0aXeDy1PkUg',
      async run({ admin, subjects: [id = ''], isJson }) {
        const revoked = await admin.call<ActiveGrant>('POST', `/v1/grants/${encodeURIComponent(id)}/revoke`, {})
        if (isJson) printJson(revoked)
        else console.log(`the sign-in to ${revoked.clientId} is ended`)
      },
    },
    'sign-out': {
      takes: 'WHAT',
      does: 'sign out a customer, an agent, a company-user, a client, or everybody: revoke all tokens issued until now, or before a time',
      options: { id: 'the id; a customer also by reference or e-mail address; not for everybody', before: 'ISO 8601' },
      example: 'sign-out client --id third-party-app --before 2026-11-01T00:00:00Z',
      async run({ admin, subjects: [of], values: { id: named, before }, isJson }) {
        const id = of === 'customer' && named !== undefined ? await customerIdOf(admin, named) : named
        const body = { of, ...(id !== undefined && { id }), ...(before !== undefined && { before }) }
        const done = await admin.call<{ before: string }>('POST', '/v1/sign-outs', body)
        if (isJson) printJson(done)
        else console.log(`all tokens of ${id ?? of} issued before ${done.before} are revoked`)
      },
    },
  },
})
