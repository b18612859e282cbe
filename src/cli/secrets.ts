import { parseArgs } from 'node:util'
import type { ListedSecret } from '../admin/routes/secret-routes.ts'
import { type AdminClient, createAdminClient } from './command/admin-client.ts'
import type { Command } from './command/command.ts'
import { duration, printJson, printTable } from './command/print.ts'

const HELP = `Usage: vestibule secrets ACTION [--json]

  list                what the server made for itself, by generation; never the values
  rotate KIND         a new generation, which every node accepts first and uses 20 s later
  drop KIND ID        forget an old generation; what was made with it is refused from then on
      --force         although something made with it may still be alive

KIND is "cookies" (sessions and logins in browsers) or "tokens" (refresh tokens and device codes).

Example: npx vestibule secrets rotate tokens`

/** The server's own secrets, by hand. */
export const secrets: Command = {
  name: 'secrets',
  summary: 'rotate what signs cookies and refresh tokens',
  help: HELP,
  async run(args, environment) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, force: { type: 'boolean', default: false } },
    })
    const [action = '', kind = '', id = ''] = positionals
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    if (!act || positionals.length - 1 !== act.needs) {
      console.error(HELP)
      return 2
    }
    await act.run({ admin: createAdminClient(environment), kind, id, force: values.force, isJson: values.json })
    return 0
  },
}

type Request = { admin: AdminClient; kind: string; id: string; force: boolean; isJson: boolean }

const ACTIONS: Readonly<Record<string, { needs: number; run(request: Request): Promise<void> }>> = {
  list: {
    needs: 0,
    async run({ admin, isJson }) {
      const listed = await admin.list<ListedSecret>('/v1/secrets')
      if (isJson) return printJson({ secrets: listed })
      const now = Date.now() / 1000
      const rows = listed.map(({ kind, id, state, createdAt, neededUntil }) => [
        kind,
        id,
        state,
        duration(now - createdAt),
        neededUntil === undefined ? '' : neededUntil <= now ? 'no more' : `${duration(neededUntil - now)} more`,
      ])
      printTable(['KIND', 'ID', 'STATE', 'AGE', 'NEEDED'], rows)
    },
  },
  rotate: {
    needs: 1,
    async run({ admin, kind, isJson }) {
      const made = await admin.call<ListedSecret>('POST', `/v1/secrets/${encodeURIComponent(kind)}/rotate`, {})
      if (isJson) return printJson(made)
      const waitSeconds = made.usedFrom - made.createdAt
      console.log(`${kind} ${made.id} is accepted now and used on every node in ${waitSeconds} s`)
    },
  },
  drop: {
    needs: 2,
    async run({ admin, kind, id, force, isJson }) {
      const path = `/v1/secrets/${encodeURIComponent(kind)}/${encodeURIComponent(id)}/drop`
      const dropped = await admin.call('POST', path, { force })
      if (isJson) printJson(dropped)
      else console.log(`${kind} ${id} is forgotten`)
    },
  },
}
