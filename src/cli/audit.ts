import { parseArgs } from 'node:util'
import type { AuditEntry } from '../audit/chain.ts'
import type { Verdict } from '../audit/trail.ts'
import { createAdminClient } from './admin-client.ts'
import type { Command } from './command.ts'
import { printJson, printTable } from './print.ts'

const HELP = `Usage: vestibule audit ACTION [--json]

  list                 the newest entries first
      --type TYPE      only this kind of event, for example login.refused
      --customer ID    only about this customer
      --client ID      only of this client
      --since TIME     ISO 8601
      --limit N        100 unless given
  export               every entry, oldest first, one JSON object a line
  verify               follow the hash chain: was anything changed or removed?

Example: npx vestibule audit list --type refresh.theft`

/** Who did what, and whether the record of it is whole. */
export const audit: Command = {
  name: 'audit',
  summary: 'read and verify the audit trail',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        type: { type: 'string' },
        customer: { type: 'string' },
        client: { type: 'string' },
        since: { type: 'string' },
        limit: { type: 'string' },
      },
    })
    const admin = createAdminClient(environment)
    switch (positionals[0]) {
      case 'list': {
        const { type, customer: customerId, client: clientId, since, limit } = values
        const given = Object.entries({ type, customerId, clientId, since, limit }).filter(
          ([, value]) => value !== undefined,
        )
        const { items: entries, next } = await admin.call<{ items: AuditEntry[]; next?: string }>(
          'GET',
          `/v1/audit?${new URLSearchParams(given as [string, string][])}`,
        )
        if (values.json) printJson({ entries, ...(next && { next }) })
        else printEntries(entries)
        return 0
      }
      case 'export':
        for await (const line of admin.lines('GET', '/v1/audit/export')) console.log(line)
        return 0
      case 'verify':
        return report(await admin.call<Verdict>('GET', '/v1/audit/verify'), values.json)
      default:
        console.error(HELP)
        return 2
    }
  },
}

function printEntries(entries: readonly AuditEntry[]): void {
  const rows = entries.map(({ at, type, customerId, clientId, ip, reason }) => [
    at,
    type,
    customerId ?? '',
    clientId ?? '',
    ip ?? '',
    reason ?? '',
  ])
  printTable(['AT', 'EVENT', 'CUSTOMER', 'CLIENT', 'ADDRESS', 'REASON'], rows)
}

function report(verdict: Verdict, isJson: boolean): number {
  const { entries, problem } = verdict
  if (isJson) printJson(verdict)
  else if (!problem) console.log(`the chain is whole: ${entries} entries`)
  else if ('seq' in problem)
    console.error(`entry ${problem.seq} was ${problem.problem === 'changed' ? 'changed' : 'removed'}`)
  else console.error('the newest entries were removed')
  return problem ? 1 : 0
}
