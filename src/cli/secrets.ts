import type { ListedSecret } from '../admin/routes/secret-routes.ts'
import { duration, printJson, printTable } from './command/print.ts'
import { subcommands } from './command/subcommands.ts'

/** The server's own secrets, by hand. */
export const secrets = subcommands({
  name: 'secrets',
  summary: 'rotate what signs cookies and refresh tokens',
  note: 'KIND is "cookies" (sessions and logins in browsers) or "tokens" (refresh tokens and device codes).',
  actions: {
    list: {
      does: 'what the server made for itself, by generation; never the values',
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
      does: 'a new generation, which every node accepts first and uses 20 s later',
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
      does: 'forget an old generation; what was made with it is refused from then on',
      flags: { force: 'although something made with it may still be alive' },
      example: 'drop tokens 0f5b1c7e-2a94-4f0a-8a53-6a3c6a1d7e42',
      async run({ admin, subjects: [kind = '', id = ''], flags, isJson }) {
        const path = `/v1/secrets/${encodeURIComponent(kind)}/${encodeURIComponent(id)}/drop`
        const dropped = await admin.call('POST', path, { force: flags.has('force') })
        if (isJson) printJson(dropped)
        else console.log(`${kind} ${id} is forgotten`)
      },
    },
  },
})
