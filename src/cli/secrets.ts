import type { ListedSecret } from '../admin/routes/secret-routes.ts'
import { duration, printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** The server's own secrets, by hand. */
export const secrets = subcommands({
  name: 'secrets',
  summary: 'rotate the secrets of cookies and refresh tokens',
  note: 'KIND is "cookies" (sessions and logins in browsers) or "tokens" (refresh tokens and device codes).',
  actions: {
    list: {
      does: 'list the secrets that the server created, by generation; values are never shown',
      example: 'list',
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
      takes: 'KIND',
      does: 'create a generation; all nodes accept it at once and use it after 20 s',
      example: 'rotate tokens',
      async run({ admin, subjects: [kind = ''], isJson }) {
        const made = await admin.call<ListedSecret>('POST', `/v1/secrets/${encodeURIComponent(kind)}/rotate`, {})
        if (isJson) return printJson(made)
        const waitSeconds = made.usedFrom - made.createdAt
        console.log(`${kind} ${made.id} is accepted now and used on every node in ${waitSeconds} s`)
      },
    },
    drop: {
      takes: 'KIND ID',
      does: 'delete an old generation; cookies and tokens made with it stop working',
      flags: { force: 'even if cookies or tokens made with it may still be valid' },
      example: 'drop tokens 0f5b1c7e-2a94-4f0a-8a53-6a3c6a1d7e42',
      async run({ admin, subjects: [kind = '', id = ''], flags, isJson }) {
        const path = `/v1/secrets/${encodeURIComponent(kind)}/${encodeURIComponent(id)}/drop`
        const dropped = await admin.call('POST', path, { force: flags.has('force') })
        if (isJson) printJson(dropped)
        else console.log(`${kind} ${id} is deleted`)
      },
    },
  },
})
