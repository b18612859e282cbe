import type { DialectUse } from '../admin/routes/use-routes.ts'
import { printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** The shop token APIs that are served, and who still needs them. */
export const dialects = subcommands({
  name: 'dialects',
  summary: 'see which clients use which shop token API',
  actions: {
    uses: {
      does: 'list which client used which dialect, by day (UTC)',
      options: { since: 'a day; the default is the last 30 days' },
      example: 'uses --since 2026-11-01',
      async run({ admin, values: { since }, isJson }) {
        const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`
        const uses = await admin.list<DialectUse>(`/v1/dialects/uses${query}`)
        if (isJson) return printJson({ uses })
        const rows = uses.map(({ day, dialect, clientId, count }) => [day, dialect, clientId, String(count)])
        printTable(['DAY', 'DIALECT', 'CLIENT', 'USES'], rows)
      },
    },
  },
})
