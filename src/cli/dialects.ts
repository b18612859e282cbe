import { parseArgs } from 'node:util'
import type { DialectUses } from '../clients/dialect-uses.ts'
import { createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { printJson, printTable } from './command/print.ts'

const HELP = `Usage: vestibule dialects uses [--since 2026-11-01] [--json]

  uses      which client came through which dialect, by day (UTC); the last 30 days unless --since is given

Example: npx vestibule dialects uses --since 2026-11-01`

/** The shop token APIs that are served, and who still needs them. */
export const dialects: Command = {
  name: 'dialects',
  summary: 'see which clients use which shop token API',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, since: { type: 'string' } },
    })
    if (positionals.length !== 1 || positionals[0] !== 'uses') {
      console.error(HELP)
      return 2
    }
    const query = values.since === undefined ? '' : `?since=${encodeURIComponent(values.since)}`
    const admin = createAdminClient(environment)
    const uses = await admin.list<DialectUses>(`/v1/dialects/uses${query}`)
    if (values.json) printJson({ uses })
    else {
      const rows = uses.map(({ day, dialect, clientId, count }) => [day, dialect, clientId, String(count)])
      printTable(['DAY', 'DIALECT', 'CLIENT', 'USES'], rows)
    }
    return 0
  },
}
